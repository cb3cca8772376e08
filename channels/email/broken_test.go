package email

import (
	"bufio"
	"net"
	"strings"
	"sync"
	"testing"
)

// brokenSMTP is a mail server that hangs up when it reads DATA, or after the final dot, or never answers at all ("silent").
func brokenSMTP(t testing.TB, where string) (port int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { defer c.Close(); speakBroken(c, where) })
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return l.Addr().(*net.TCPAddr).Port
}

func speakBroken(c net.Conn, where string) {
	lines := bufio.NewScanner(c)
	say := func(s string) { c.Write([]byte(s + "\r\n")) }
	if where != "silent" {
		say("220 broken")
	}
	body := false
	for lines.Scan() {
		line := lines.Text()
		switch {
		case body && line == ".":
			return
		case body:
		case where == "silent":
		case strings.HasPrefix(line, "DATA"):
			if where == "DATA" {
				return
			}
			say("354 go on")
			body = true
		default:
			say("250 ok")
		}
	}
}
