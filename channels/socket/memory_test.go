package socket

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"sportello/channels/channeltest/footprint"
)

// TestIdleSocketIsSmall: an idle connection costs about a quarter of a bare one at most. It was a fifth when this was written.
func TestIdleSocketIsSmall(t *testing.T) {
	const sockets, share = 1000, .26
	bare, ours := footprint.Bare(t, sockets), idleBytes(t, sockets)
	t.Logf("%d bytes per idle socket, %d of a bare one", ours, bare)
	if float64(ours) > share*float64(bare) {
		t.Errorf("%d bytes per idle socket, more than %g of the %d of a bare one", ours, share, bare)
	}
}

// BenchmarkIdleSocket reports what one idle connection costs, the client's bare end included.
func BenchmarkIdleSocket(b *testing.B) {
	var per int64
	for b.Loop() {
		per = idleBytes(b, 1000)
	}
	b.ReportMetric(float64(per), "bytes/socket")
	b.ReportMetric(float64(footprint.Bare(b, 1000)), "bytes/bare")
}

// idleBytes is what each of some connections costs that have been asked for a sign of life.
func idleBytes(t testing.TB, sockets int) int64 {
	r := serve(t, funcs{})
	var conns []*Conn
	per := footprint.Each(t, sockets, func(int) io.Closer {
		client, conn := r.open(t)
		pong(t, client)
		until(t, "the pong is taken in", conn.pongs.Load)
		conns = append(conns, conn)
		return client
	})
	for _, c := range conns {
		<-c.Done()
	}
	return per
}

// pong answers a ping that said "hello".
func pong(t testing.TB, c footprint.Client) {
	t.Helper()
	if _, err := c.Write([]byte{0x8a, 0x85, 1, 2, 3, 4, 'h' ^ 1, 'e' ^ 2, 'l' ^ 3, 'l' ^ 4, 'o' ^ 1}); err != nil {
		t.Fatal(err)
	}
}

// TestFramesThatArriveTogether: a read may bring pongs, messages and parts of them in any number; each is taken in without waiting for
// another.
func TestFramesThatArriveTogether(t *testing.T) {
	got := make(chan string, 8)
	r := serve(t, funcs{received: func(_ *Conn, data []byte) { got <- string(data) }})
	client, conn := r.open(t)
	const pong = "\x8a\x80\x00\x00\x00\x00"
	for _, part := range []string{
		pong + "\x81\x81\x00\x00\x00\x00a" + pong + "\x81\x81\x00\x00\x00\x00b" + pong[:3], pong[3:] + "\x81", "\x81\x00\x00\x00\x00c",
		"\x01\x81\x00\x00\x00\x00d" + pong + "\x80\x81\x00\x00\x00\x00e", // a message in two parts, a pong between
	} {
		if _, err := client.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"a", "b", "c", "de"} {
		if text := <-got; text != want {
			t.Fatalf("%q, want %q", text, want)
		}
	}
	if !conn.pongs.Load() {
		t.Error("the pongs were not seen")
	}
	for _, bad := range []string{"\x8a\x00", "\xca\x80\x00\x00\x00\x00", "\x8a\xfe\x00\x7e\x00\x00\x00\x00"} { // not masked, a reserved bit, too long
		client, conn := r.open(t)
		if _, err := client.Write([]byte(bad)); err != nil {
			t.Fatal(err)
		}
		<-conn.Done()
		if conn.pongs.Load() {
			t.Errorf("%x passes for a pong", bad)
		}
	}
	_ = client.Close()
	<-conn.Done()
}

// TestIdleSocketForgetsWhatItDid: a message whose handling went deep, as a query does, leaves no deep stack behind until collections have
// shrunk it, step by step. Hence none runs here.
func TestIdleSocketForgetsWhatItDid(t *testing.T) {
	const sockets = 300
	const limit = 2 << 10
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	handled := make(chan int)
	r := serve(t, funcs{received: func(*Conn, []byte) { handled <- descend(32) }})
	clients, conns := make([]footprint.Client, sockets), make([]*Conn, sockets)
	for i := range clients {
		clients[i], conns[i] = r.open(t)
	}
	before := stacks()
	for _, c := range clients {
		c.Say(t, "hi")
		<-handled
	}
	if per := (int64(stacks()) - int64(before)) / sockets; per > limit {
		t.Errorf("%d bytes of stack per socket that handled a message, want at most %d", per, limit)
	}
	for i, c := range conns {
		_ = clients[i].Close()
		<-c.Done()
	}
}

// BenchmarkMessage measures a message whose handling goes deep.
func BenchmarkMessage(b *testing.B) {
	handled := make(chan int)
	client, conn := serve(b, funcs{received: func(*Conn, []byte) { handled <- descend(32) }}).open(b)
	for b.Loop() {
		client.Say(b, "hi")
		<-handled
	}
	_ = client.Close()
	<-conn.Done()
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

// house is a server whose connections are never asked by the clock.
type house struct {
	url   string
	conns chan *Conn
}

// serve serves connections until the test ends.
func serve(t testing.TB, h Handler) house {
	t.Helper()
	up := NewUpgrader(Options{Origin: anyOrigin, Log: slog.New(slog.DiscardHandler), PingEvery: time.Hour})
	conns := make(chan *Conn, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := up.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		c.Start(h)
		conns <- c // the handler returns: the server's buffers are free
	}))
	t.Cleanup(srv.Close)
	return house{srv.URL, conns}
}

// open opens a connection; the test closes the client's end and waits for ours.
func (r house) open(t testing.TB) (footprint.Client, *Conn) {
	t.Helper()
	client := footprint.Dial(t, r.url)
	return client, <-r.conns
}

// until waits for what another goroutine does.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for range 10_000 {
		if ok() {
			return
		}
		<-poll.C
	}
	t.Fatal("not within 10 s: " + what)
}

func stacks() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.StackInuse
}
