package clam

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"sportello/channels/channeltest"
)

func TestE45Scan(t *testing.T) {
	d := channeltest.NewClamd(t, 1<<20)
	c, err := New(d.Addr)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		name, data, threat string
		err                error
	}{
		{"empty", "", "", nil}, {"clean", strings.Repeat("parole ", 40_000), "", nil},
		{"infected", strings.Repeat("x", chunk-7) + channeltest.Infected, "Sportello-Test-Signature", nil},
		{"too large", strings.Repeat("x", 5<<20), "", ErrTooLarge},
	} {
		threat, err := c.Scan(t.Context(), strings.NewReader(x.data))
		if threat != x.threat || !errors.Is(err, x.err) {
			t.Errorf("%s: %q %v", x.name, threat, err)
		}
	}
	if v, err := c.Version(t.Context()); err != nil || !strings.HasPrefix(v, "ClamAV ") {
		t.Errorf("%q %v", v, err)
	}
	d.Mute(true)
	if threat, err := c.Scan(t.Context(), strings.NewReader("x")); err == nil || threat != "" {
		t.Errorf("a daemon that hangs up: %q %v", threat, err)
	}
}

func TestE45ScanEnds(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := New(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Scan(ctx, strings.NewReader("x")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	if _, err := c.Scan(t.Context(), io.MultiReader(strings.NewReader("x"), brokenReader{})); err == nil {
		t.Error("half a file was found clean")
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("broken") }

func TestE45Addresses(t *testing.T) {
	for address, ok := range map[string]bool{"clamd:3310": true, "unix:/run/clamd.sock": true, "unix:clamd.sock": false, "clamd": false, "": false} {
		if _, err := New(address); (err == nil) != ok {
			t.Errorf("%q: %v", address, err)
		}
	}
}
