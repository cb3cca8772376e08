package socket

import (
	"bufio"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

// TestIdleSocketIsSmall holds the promise of at most 14 KiB per idle connection, stacks included. The client's side is a bare TCP
// connection in the same process and counts against us, too.
func TestIdleSocketIsSmall(t *testing.T) {
	const limit = 14 << 10
	if per := idleBytes(t); per > limit {
		t.Errorf("%d bytes per idle socket, want at most %d", per, limit)
	}
}

// BenchmarkIdleSocket reports what one idle connection costs, the client's bare end included.
func BenchmarkIdleSocket(b *testing.B) {
	var per int64
	for b.Loop() {
		per = idleBytes(b)
	}
	b.ReportMetric(float64(per), "bytes/socket")
}

func idleBytes(t testing.TB) int64 {
	t.Helper()
	const sockets = 1000
	before := inUse()
	clients, end := idle(t, sockets, funcs{})
	per := (int64(inUse()) - int64(before)) / sockets
	t.Logf("%d bytes per idle socket", per)
	runtime.KeepAlive(clients)
	end()
	return per
}

// TestIdleSocketForgetsWhatItDid: a message whose handling went deep, as a query does, leaves no deep stack behind until collections have
// shrunk it, step by step. Hence none runs here.
func TestIdleSocketForgetsWhatItDid(t *testing.T) {
	const sockets = 300
	const limit = 2 << 10
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	handled := make(chan int)
	clients, end := idle(t, sockets, funcs{received: func(*Conn, []byte) { handled <- descend(32) }})
	before := stacks()
	for _, c := range clients {
		say(t, c)
		<-handled
	}
	if per := (int64(stacks()) - int64(before)) / sockets; per > limit {
		t.Errorf("%d bytes of stack per socket that handled a message, want at most %d", per, limit)
	}
	end()
}

// BenchmarkMessage measures a message whose handling goes deep.
func BenchmarkMessage(b *testing.B) {
	handled := make(chan int)
	clients, end := idle(b, 1, funcs{received: func(*Conn, []byte) { handled <- descend(32) }})
	for b.Loop() {
		say(b, clients[0])
		<-handled
	}
	end()
}

// descend needs n times 256 bytes of stack, and some more.
//
//go:noinline
func descend(n int) int {
	var frame [256]byte
	frame[n] = byte(n)
	if n == 0 {
		return 0
	}
	return descend(n-1) + int(frame[n/2])
}

// say sends a short text message, masked with zeroes.
func say(t testing.TB, c net.Conn) {
	t.Helper()
	if _, err := c.Write([]byte{0x81, 0x82, 0, 0, 0, 0, 'h', 'i'}); err != nil {
		t.Fatal(err)
	}
}

// idle opens connections. It returns the clients' ends, and what closes everything.
func idle(t testing.TB, sockets int, h Handler) (clients []net.Conn, end func()) {
	t.Helper()
	up := NewUpgrader(Options{Origin: anyOrigin, Log: slog.New(slog.DiscardHandler), PingEvery: time.Hour})
	conns := make(chan *Conn, sockets)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := up.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		c.Start(h)
		conns <- c // the handler returns: the server's buffers are free
	}))
	var servers []*Conn
	for range sockets {
		clients = append(clients, dialRaw(t, srv.Listener.Addr().String()))
		servers = append(servers, <-conns)
	}
	return clients, func() {
		for i, c := range servers {
			_ = clients[i].Close()
			<-c.Done()
		}
		srv.Close()
	}
}

func stacks() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.StackInuse
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
func dialRaw(t testing.TB, addr string) net.Conn {
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
