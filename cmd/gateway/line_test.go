//go:build e2e

package main

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"
)

// line is the wire between the gateway and the IMAP server of its mailbox. It can be cut, and mended.
type line struct {
	to       string
	listener net.Listener
	conns    sync.WaitGroup

	mu   sync.Mutex
	cut  bool
	open map[net.Conn]struct{}
}

func newLine(t *testing.T, to string) *line {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &line{to: to, listener: l, open: map[net.Conn]struct{}{}}
	w.conns.Go(w.accept)
	t.Cleanup(func() {
		_ = l.Close()
		w.set(true)
		w.conns.Wait()
	})
	return w
}

func (w *line) port() int { return w.listener.Addr().(*net.TCPAddr).Port }

// set cuts every connection and lets no new one through, or mends the line.
func (w *line) set(cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = cut
	if cut {
		for c := range w.open {
			_ = c.Close()
		}
	}
}

func (w *line) accept() {
	for {
		c, err := w.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			w.conns.Go(func() { w.carry(c) })
		}
	}
}

func (w *line) carry(here net.Conn) {
	defer func() { _ = here.Close() }()
	there, err := net.Dial("tcp", w.to)
	if err != nil {
		return
	}
	defer func() { _ = there.Close() }()
	if !w.keep(here, there) {
		return
	}
	defer w.drop(here, there)
	w.conns.Go(func() { _, _ = io.Copy(there, here); _ = there.Close() })
	_, _ = io.Copy(here, there)
}

// keep notes connections that a cut must close; it reports false when the line is cut.
func (w *line) keep(all ...net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range all {
		w.open[c] = struct{}{}
	}
	return !w.cut
}

func (w *line) drop(all ...net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range all {
		delete(w.open, c)
	}
}
