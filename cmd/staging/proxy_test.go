package staging

import (
	"io"
	"net"
	"testing"
	"time"
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
	gone, err := freeAddress()
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
