package inboxtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// Redises runs a test on the embedded Redis (miniredis, by the clock) and on a real one. addr is host:port.
func Redises(t *testing.T, test func(t *testing.T, addr string)) {
	t.Helper()
	t.Run("miniredis", func(t *testing.T) {
		test(t, MiniRedis(t).Addr())
	})
	t.Run("redis", func(t *testing.T) { test(t, Redis(t)) })
}

// MiniRedis is an embedded Redis of this test, by the clock.
func MiniRedis(t testing.TB) *miniredis.Miniredis {
	t.Helper()
	m := miniredis.NewMiniRedis()
	m.ClockTTL(true)
	if err := m.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// Redis is the address (host:port) of the real Redis of this test binary, emptied now. Tests that use it must not run in parallel.
func Redis(t testing.TB) string {
	t.Helper()
	addr, err := redis()
	if err != nil {
		t.Fatalf("Redis is needed (Debian package: redis-server): %v", err)
	}
	if err := say(t.Context(), addr, "FLUSHALL", "+OK"); err != nil {
		t.Fatal(err)
	}
	return addr
}

var redis = sync.OnceValues(func() (string, error) {
	bin, err := exec.LookPath("redis-server")
	if err != nil {
		return "", err
	}
	for range 5 { // a port that was free a moment ago may be taken
		addr, failure := startRedis(bin)
		if failure == nil {
			return addr, nil
		}
		err = errors.Join(err, failure)
	}
	return "", err
})

func startRedis(bin string) (string, error) {
	probe, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	port := probe.Addr().(*net.TCPAddr).Port
	if err := probe.Close(); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "redis")
	if err != nil {
		return "", err
	}
	cmd := exec.Command(bin, "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", dir)
	if err := start(cmd, dir, syscall.SIGKILL); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience/5)
	defer cancel()
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	return addr, until(ctx, func(ctx context.Context) error { return say(ctx, addr, "PING", "+PONG") })
}

// say sends one inline command and checks the answer.
func say(ctx context.Context, addr, command, want string) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // the answer is what matters
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(conn, "%s\r\n", command); err != nil {
		return err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	if line != want+"\r\n" {
		return fmt.Errorf("%s: Redis answered %q", command, line)
	}
	return nil
}
