package socket

import (
	"bufio"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// funcs is a Handler made of functions.
type funcs struct {
	received func(c *Conn, data []byte)
	closed   func(c *Conn, why Reason)
}

func (f funcs) Received(c *Conn, data []byte) {
	if f.received != nil {
		f.received(c, data)
	}
}

func (f funcs) Closed(c *Conn, why Reason) {
	if f.closed != nil {
		f.closed(c, why)
	}
}

func anyOrigin(*http.Request) bool { return true }

// hijacked is a response writer that hands over one end of a pipe, so that a whole connection lives inside a synctest bubble.
type hijacked struct {
	http.ResponseWriter
	conn net.Conn
}

func (h hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReader(h.conn), bufio.NewWriter(h.conn)), nil
}

// pair returns a started server connection and its client over an in-memory pipe.
func pair(t *testing.T, opt Options, h Handler) (*Conn, *websocket.Conn) {
	t.Helper()
	opt.Origin, opt.Log = anyOrigin, slog.New(slog.DiscardHandler)
	ours, theirs := net.Pipe()
	got := make(chan *Conn, 1)
	go func() {
		r, err := http.ReadRequest(bufio.NewReader(ours))
		if err != nil {
			t.Error(err)
		}
		c, err := Upgrade(hijacked{httptest.NewRecorder(), ours}, r, opt)
		if err != nil {
			t.Error(err)
		}
		c.Start(h)
		got <- c
	}()
	d := websocket.Dialer{NetDial: func(string, string) (net.Conn, error) { return theirs, nil }}
	client, _, err := d.Dial("ws://chat.example/", nil)
	if err != nil {
		t.Fatal(err)
	}
	return <-got, client
}

// closeCode reads until the end and returns the close error.
func closeCode(t *testing.T, client *websocket.Conn) *websocket.CloseError {
	t.Helper()
	for {
		if _, _, err := client.ReadMessage(); err != nil {
			var ce *websocket.CloseError
			if !errors.As(err, &ce) {
				t.Fatalf("ended without a close frame: %v", err)
			}
			return ce
		}
	}
}

func TestFramesKeepTheirOrderBothWays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, client := pair(t, Options{}, funcs{received: func(c *Conn, data []byte) { _ = c.Send(data) }})
		for i := range 50 {
			if err := client.WriteMessage(websocket.TextMessage, fmt.Append(nil, i)); err != nil {
				t.Fatal(err)
			}
			_, data, err := client.ReadMessage()
			if err != nil || string(data) != fmt.Sprint(i) {
				t.Fatalf("echo %d: %q, %v", i, data, err)
			}
		}
		_ = client.Close()
		<-c.Done()
		if c.Reason() != Lost {
			t.Fatalf("reason %s, want lost", c.Reason())
		}
	})
}

// C-05: a peer that answers neither ping nor heartbeat is found within 15 seconds.
func TestC05SilentPeerIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, client := pair(t, Options{}, funcs{})
		start := time.Now()
		client.SetPingHandler(func(string) error { return nil }) // reads, never answers
		ce := closeCode(t, client)
		if ce.Code != int(Silent) || ce.Text != "silent" {
			t.Fatalf("closed with %d %q", ce.Code, ce.Text)
		}
		if d := time.Since(start); d > 15*time.Second {
			t.Fatalf("found after %s", d)
		}
		<-c.Done()
	})
}

// C-05: a proxy that answers pings does not hide an application that is gone.
func TestC05PongWithoutHeartbeatAnswerIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, client := pair(t, Options{Beat: func() []byte { return []byte(`{"t":"beat"}`) }}, funcs{})
		start := time.Now()
		if ce := closeCode(t, client); ce.Code != int(Silent) || time.Since(start) > 15*time.Second {
			t.Fatalf("closed with %v after %s", ce, time.Since(start))
		}
		<-c.Done()
	})
}

// The peer is gone in the other direction: it still sends, but hears nothing any more.
func TestC05PeerThatSendsButDoesNotHearIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, client := pair(t, Options{}, funcs{})
		start := time.Now()
		for c.Reason() == Open { // never reads, so it never answers a ping
			if client.WriteMessage(websocket.TextMessage, []byte("x")) != nil {
				break
			}
			time.Sleep(time.Second)
		}
		<-c.Done()
		if d := time.Since(start); d > 20*time.Second {
			t.Fatalf("found after %s", d)
		}
	})
}

func TestHonestPeerStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, client := pair(t, Options{Beat: func() []byte { return []byte("b") }},
			funcs{received: func(c *Conn, data []byte) { c.Answered() }})
		go func() {
			for {
				_, data, err := client.ReadMessage()
				if err != nil {
					return
				}
				_ = client.WriteMessage(websocket.TextMessage, data)
			}
		}()
		time.Sleep(10 * time.Minute)
		if c.Reason() != Open {
			t.Fatalf("cut after ten quiet minutes: %s", c.Reason())
		}
		c.Close(Drain)
		<-c.Done()
	})
}

// A handler that works on a message for longer than AnswerWait is not mistaken for a silent peer: the answers wait behind it.
func TestBusyHandlerIsNotSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		work := make(chan struct{})
		c, client := pair(t, Options{}, funcs{received: func(*Conn, []byte) { <-work }})
		client.SetPingHandler(func(string) error { return nil })
		if err := client.WriteMessage(websocket.TextMessage, []byte("slow")); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Minute, func() {
			if c.Reason() != Open {
				t.Errorf("cut while the handler worked: %s", c.Reason())
			}
			close(work)
		})
		if ce := closeCode(t, client); ce.Code != int(Silent) {
			t.Fatalf("afterwards closed with %v", ce)
		}
		<-c.Done()
	})
}

// C-06: a slow reader is cut by name; what it did receive is a prefix without a hole.
func TestC06SlowReaderIsCutByName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, client := pair(t, Options{QueueLimit: 8}, funcs{})
		var err error
		for i := 0; err == nil; i++ {
			err = c.Send(fmt.Append(nil, i))
		}
		if !errors.Is(err, ErrClosed) || !strings.Contains(err.Error(), "slow_reader") {
			t.Fatalf("error of the send: %v", err)
		}
		for i := 0; ; i++ {
			_, data, err := client.ReadMessage()
			var ce *websocket.CloseError
			if errors.As(err, &ce) {
				if ce.Code != int(SlowReader) || ce.Text != "slow_reader" {
					t.Fatalf("closed with %d %q", ce.Code, ce.Text)
				}
				break
			}
			if err != nil || string(data) != fmt.Sprint(i) {
				t.Fatalf("frame %d: %q, %v", i, data, err)
			}
		}
		<-c.Done()
	})
}

func TestQueueIsBoundedInBytesToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, client := pair(t, Options{QueueBytes: 100}, funcs{})
		if err := c.Send(make([]byte, 101)); !errors.Is(err, ErrClosed) || c.Reason() != SlowReader {
			t.Fatalf("sent over the limit: %v, %s", err, c.Reason())
		}
		closeCode(t, client)
		<-c.Done()
	})
}

// A peer that does not read at all cannot hold the writer longer than the write deadline.
func TestWriteHasADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		why := Open
		c, client := pair(t, Options{}, funcs{closed: func(_ *Conn, r Reason) { why = r }})
		start := time.Now()
		if err := c.Send([]byte("nobody reads this")); err != nil {
			t.Fatal(err)
		}
		<-c.Done()
		if d := time.Since(start); d != 5*time.Second || why != Lost {
			t.Fatalf("ended after %s: %s", d, why)
		}
		_ = client.Close()
	})
}

// C-05: drain writes what is queued, then says so.
func TestC05DrainFlushesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, client := pair(t, Options{}, funcs{})
		_ = c.Send([]byte("first"))
		_ = c.Send([]byte("second"))
		c.Close(Drain)
		c.Close(Internal) // the first reason stays
		for _, want := range []string{"first", "second"} {
			if _, data, err := client.ReadMessage(); err != nil || string(data) != want {
				t.Fatalf("%q, %v; want %q", data, err, want)
			}
		}
		if ce := closeCode(t, client); ce.Code != int(Drain) || ce.Text != "drain" {
			t.Fatalf("closed with %v", ce)
		}
		<-c.Done()
		if err := c.Send([]byte("late")); !errors.Is(err, ErrClosed) {
			t.Fatalf("sent after the end: %v", err)
		}
	})
}

func TestCloseDoesNotWaitForeverForThePeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, client := pair(t, Options{}, funcs{})
		client.SetCloseHandler(func(int, string) error { return nil }) // never answers the close
		start := time.Now()
		c.Close(Ended)
		closeCode(t, client)
		<-c.Done()
		if d := time.Since(start); d > 3*time.Second {
			t.Fatalf("took %s", d)
		}
	})
}

// C-05: the read limit has a name, and a connection ends exactly once.
func TestC05LimitsAreNamed(t *testing.T) {
	for _, tt := range []struct {
		name string
		kind int
		size int
		code int
	}{
		{"at the limit", websocket.TextMessage, 1000, int(Drain)},
		{"over the limit", websocket.TextMessage, 1001, int(TooLarge)},
		{"far over the limit", websocket.TextMessage, 4001, websocket.CloseMessageTooBig},
		{"binary", websocket.BinaryMessage, 10, int(Protocol)},
		{"empty", websocket.TextMessage, 0, int(Protocol)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				closed, got := 0, 0
				c, client := pair(t, Options{ReadLimit: 1000}, funcs{
					received: func(c *Conn, data []byte) { got += len(data); c.Close(Drain) },
					closed:   func(*Conn, Reason) { closed++ },
				})
				go func() { _ = client.WriteMessage(tt.kind, make([]byte, tt.size)) }()
				if ce := closeCode(t, client); ce.Code != tt.code {
					t.Fatalf("closed with %v, want %d", ce, tt.code)
				}
				_ = client.Close()
				<-c.Done()
				if closed != 1 || (tt.code == int(Drain)) != (got == 1000) {
					t.Fatalf("closed %d times, handled %d bytes", closed, got)
				}
			})
		})
	}
}

func TestPanicOfAHandlerEndsOneConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, client := pair(t, Options{}, funcs{received: func(*Conn, []byte) { panic("boom") }})
		_ = client.WriteMessage(websocket.TextMessage, []byte("x"))
		if ce := closeCode(t, client); ce.Code != int(Internal) {
			t.Fatalf("closed with %v", ce)
		}
		<-c.Done()
	})
}

// C-05: a foreign origin is refused before the upgrade.
func TestC05ForeignOriginIsRefused(t *testing.T) {
	up := NewUpgrader(Options{Log: slog.New(slog.DiscardHandler), Origin: func(r *http.Request) bool {
		return r.Header.Get("Origin") == "https://shop.example"
	}})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := up.Upgrade(w, r, nil); err == nil {
			c.Run(funcs{})
		}
	}))
	defer srv.Close()
	url := "ws" + strings.TrimPrefix(srv.URL, "http")
	_, res, err := websocket.DefaultDialer.Dial(url, http.Header{"Origin": {"https://evil.example"}})
	if err == nil || res.StatusCode != http.StatusForbidden {
		t.Fatalf("foreign origin: %v, %v", err, res)
	}
	client, _, err := websocket.DefaultDialer.Dial(url, http.Header{"Origin": {"https://shop.example"}})
	if err != nil {
		t.Fatal(err)
	}
	_ = client.Close()
}

// Many senders, one closer: nothing is written after the close, and under -race nothing is shared wrongly.
func TestConcurrentSendAndClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, client := pair(t, Options{}, funcs{})
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 20 {
					_ = c.Send([]byte("x"))
				}
			})
		}
		wg.Go(func() { c.Close(Replaced) })
		if ce := closeCode(t, client); ce.Code != int(Replaced) {
			t.Fatalf("closed with %v", ce)
		}
		wg.Wait()
		<-c.Done()
	})
}
