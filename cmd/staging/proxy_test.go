package staging

import (
	"io"
	"net"
	"testing"
	"time"

	"sportello/cmd/staging/process"
)

// echo is a server that says everything again.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(c, c); _ = c.Close() }()
		}
	}()
	return l.Addr().String()
}

// heardBack returns why what is said on a connection does not come back.
func heardBack(t *testing.T, c net.Conn, within time.Duration) error {
	t.Helper()
	if err := c.SetDeadline(time.Now().Add(within)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, "x"); err != nil {
		return err
	}
	_, err := io.ReadFull(c, make([]byte, 1))
	return err
}

func TestN15ProxyFailsAsNetworksDo(t *testing.T) {
	gone, err := process.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	p, err := NewProxy(gone, echo(t))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	dial := func() net.Conn {
		c, err := net.Dial("tcp", p.Address())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	c := dial()
	if err := heardBack(t, c, 10*time.Second); err != nil {
		t.Fatalf("the backend that lives is not reached: %v", err)
	}
	if n := p.Freeze(); n != 1 {
		t.Fatalf("%d connections are half-open", n)
	}
	if err, ok := heardBack(t, c, 50*time.Millisecond).(net.Error); !ok || !err.Timeout() {
		t.Fatalf("on a half-open connection: %v", err)
	}
	other := dial()
	if err := heardBack(t, other, 10*time.Second); err != nil {
		t.Fatalf("a connection made later is half-open too: %v", err)
	}
	p.SetDown(true)
	if err := heardBack(t, other, 10*time.Second); err == nil {
		t.Error("a connection outlives the outage")
	}
	if err := heardBack(t, dial(), 10*time.Second); err == nil {
		t.Error("a connection is let in during the outage")
	}
	p.SetDown(false)
	if err := heardBack(t, dial(), 10*time.Second); err != nil {
		t.Errorf("after the outage: %v", err)
	}
}

// A connection is torn inside of what follows the words; one is muted when the words have passed, and its answer is kept.
func TestN15ProxyBreaksAtWords(t *testing.T) {
	for name, c := range map[string]struct {
		ask   func(*Proxy)
		say   []string
		hears string
	}{
		"torn":    {func(p *Proxy) { p.Tear(1, "BODY[") }, []string{"* 1 FETCH BODY[0123456789"}, "* 1 FETCH BODY[01234"},
		"muted":   {func(p *Proxy) { p.Mute(1, "\r\n.\r\n") }, []string{"Ciao\r\n.\r\n"}, ""},
		"neither": {func(p *Proxy) { p.Mute(1, "never") }, []string{"Ciao\r\n.\r\n"}, "Ciao\r\n.\r\n"},
	} {
		p, err := NewProxy(echo(t))
		if err != nil {
			t.Fatal(err)
		}
		c.ask(p)
		conn, err := net.Dial("tcp", p.Address())
		if err != nil {
			t.Fatal(err)
		}
		for _, words := range c.say {
			if _, err := io.WriteString(conn, words); err != nil {
				t.Fatal(err)
			}
		}
		if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		var heard []byte
		if name == "neither" {
			heard = make([]byte, len(c.hears))
			_, err = io.ReadFull(conn, heard)
		} else {
			heard, err = io.ReadAll(conn)
		}
		if string(heard) != c.hears || err != nil && name != "torn" {
			t.Errorf("%s: heard %q, %v; want %q", name, heard, err, c.hears)
		}
		_ = conn.Close()
		p.Close()
	}
}

func TestN15ProxyHearsWordsInPieces(t *testing.T) {
	p, c := &Proxy{}, &pair{}
	p.Mute(1, "\r\n.\r\n")
	for _, words := range []string{"Ciao", "\r", "\n.\r", "\n"} {
		if c.muted {
			t.Fatalf("muted before %q", words)
		}
		if pass, cut := p.hear(c, []byte(words), false); string(pass) != words || cut {
			t.Errorf("of %q %q is passed on", words, pass)
		}
	}
	if pass, cut := p.hear(c, []byte("250 OK"), true); len(pass) > 0 || !cut {
		t.Errorf("the answer is passed on: %q", pass)
	}
}
