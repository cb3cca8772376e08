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
	inboxtest.Main(m)
}
