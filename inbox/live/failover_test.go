package live

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"sportello/inbox/journal"
)

// server runs a redis-server until the test ends, or until kill.
func server(t *testing.T, args ...string) (addr string, kill func()) {
	t.Helper()
	port := strconv.Itoa(freePort(t))
	cmd := exec.Command("redis-server", append(args, "--port", port, "--bind", "127.0.0.1", "--dir", t.TempDir())...)
	if err := cmd.Start(); err != nil {
		t.Fatalf("redis-server (Debian package) is needed: %v", err)
	}
	ended := false
	kill = func() {
		if !ended {
			ended = true
			_ = cmd.Process.Kill() // it may have ended by itself
			_ = cmd.Wait()
		}
	}
	t.Cleanup(kill)
	return "127.0.0.1:" + port, kill
}

func answers(t *testing.T, addr, section, want string) {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: addr, DisableIdentity: true})
	defer c.Close() //nolint:errcheck // the test says what matters
	eventually(t, addr+" says "+want, 30*time.Second, func() bool {
		info, err := c.Info(t.Context(), section).Result()
		return err == nil && strings.Contains(info, want)
	})
}

// The master dies and a replica takes over, without the newest writes perhaps: the inbox is built anew from the record, and no
// position from before is taken for one of the new master.
func TestFailoverIsRebuilt(t *testing.T) {
	master, killMaster := server(t, "--save", "")
	answers(t, master, "server", "redis_version")
	_, port, _ := strings.Cut(master, ":")
	replica, _ := server(t, "--save", "", "--replicaof", "127.0.0.1 "+port)
	answers(t, replica, "replication", "master_link_status:up")
	conf := filepath.Join(t.TempDir(), "sentinel.conf")
	text := fmt.Sprintf("sentinel monitor main 127.0.0.1 %s 1\nsentinel down-after-milliseconds main 300\n"+
		"sentinel failover-timeout main 3000\n", port)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	sentinel, _ := server(t, conf, "--sentinel")
	answers(t, sentinel, "sentinel", "slaves=1")

	in, err := Open(t.Context(), Options{Addrs: []string{sentinel}, MasterName: "main"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	})
	d := &desk{in, t, &hand{at: start}, nil}
	d.guarded(record{chat(1), chat(2)})
	var before Position
	eventually(t, "built", 10*time.Second, func() bool { before, err = d.Head(t.Context()); return err == nil })
	e := journal.Event{Stream: "rules", Seq: 1, ID: newID(), Type: journal.RulesPublished, At: start, Data: []byte(`{}`)}
	if _, err := d.Apply(t.Context(), []journal.Event{e}); err != nil {
		t.Fatal(err)
	}
	killMaster()
	eventually(t, "rebuilt on the new master", 60*time.Second, func() bool {
		p, err := d.Head(t.Context())
		return err == nil && p.Epoch != before.Epoch
	})
	if s := d.snapshot(); len(s.Waiting) != 2 {
		t.Fatalf("%+v", s.Waiting)
	}
	if _, _, err := d.Read(t.Context(), before, 1); !errors.Is(err, ErrGap) {
		t.Fatalf("a position from before: %v", err)
	}
}
