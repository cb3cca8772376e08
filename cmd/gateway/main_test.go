package main

import (
	"os"
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
	inboxtest.Main(m)
}
