package socket

import (
	"bufio"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"
)

// TestIdleSocketIsSmall holds the promise of at most 14 KiB per idle connection, stacks included. The client's side is a bare TCP
// connection in the same process and counts against us, too.
func TestIdleSocketIsSmall(t *testing.T) {
	const sockets = 1000
	const limit = 14 << 10
	up := NewUpgrader(Options{Origin: anyOrigin, Log: slog.New(slog.DiscardHandler), PingEvery: time.Hour})
	conns := make(chan *Conn, sockets)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := up.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		c.Start(funcs{})
		conns <- c // the handler returns: the server's buffers are free
	}))
	defer srv.Close()

	before := inUse()
	var clients []net.Conn
	var servers []*Conn
	for range sockets {
		clients = append(clients, dialRaw(t, srv.Listener.Addr().String()))
		servers = append(servers, <-conns)
	}
	after := inUse()
	per := (int64(after) - int64(before)) / sockets
	t.Logf("%d bytes per idle socket", per)
	if per > limit {
		t.Errorf("%d bytes per idle socket, want at most %d", per, limit)
	}
	for i, c := range servers {
		_ = clients[i].Close()
		<-c.Done()
	}
}

// inUse is the heap and the stacks in use after a collection.
func inUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// dialRaw does the handshake over a bare connection, without a reader of its own.
func dialRaw(t *testing.T, addr string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", addr)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("handshake: %v, %v", res, err)
	}
	return conn
}
