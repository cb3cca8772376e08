package main

import (
	"context"
	"os"
	"strings"
	"testing"

	"sportello/inbox/inboxtest"
)

func TestMain(m *testing.M) {
	if told := os.Getenv(crashTest); told != "" {
		os.Exit(readMailbox(told))
	}
	if told := os.Getenv(undoTest); told != "" {
		os.Exit(undoMail(told))
	}
	if told := os.Getenv(campaignTest); told != "" {
		os.Exit(run(context.Background(), strings.Split(told, "\n"), nil, os.Stdout, os.Stderr))
	}
	inboxtest.Main(m)
}
