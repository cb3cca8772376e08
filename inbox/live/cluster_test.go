package live

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/journal"
)

// cluster starts a real Redis cluster of three masters on the loopback.
func cluster(t *testing.T) []string {
	t.Helper()
	var addrs []string
	var buses []int
	for range 3 {
		addr, busPort := clusterNode(t)
		addrs, buses = append(addrs, addr), append(buses, busPort)
	}
	bounds := []int{0, 5461, 10923, 16384}
	for i, addr := range addrs {
		c := redis.NewClient(&redis.Options{Addr: addr, DisableIdentity: true})
		defer c.Close() //nolint:errcheck // the test says what matters
		eventually(t, "node answers", 30*time.Second, func() bool { return c.Ping(t.Context()).Err() == nil })
		if err := c.ClusterAddSlotsRange(t.Context(), bounds[i], bounds[i+1]-1).Err(); err != nil {
			t.Fatal(err)
		}
		if err := c.Do(t.Context(), "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err(); err != nil {
			t.Fatal(err)
		}
		for j := range i {
			_, port, err := net.SplitHostPort(addrs[j])
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Do(t.Context(), "CLUSTER", "MEET", "127.0.0.1", port, buses[j]).Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, addr := range addrs {
		c := redis.NewClient(&redis.Options{Addr: addr, DisableIdentity: true})
		defer c.Close() //nolint:errcheck // the test says what matters
		eventually(t, "the cluster is whole", 60*time.Second, func() bool {
			info, err := c.ClusterInfo(t.Context()).Result()
			return err == nil && strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_known_nodes:3")
		})
	}
	return addrs
}

func clusterNode(t *testing.T) (addr string, busPort int) {
	t.Helper()
	busPort = freePort(t)
	addr, _ = server(t, "--cluster-port", strconv.Itoa(busPort), "--cluster-enabled", "yes", "--save", "")
	return addr, busPort
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // only its number is needed
	return l.Addr().(*net.TCPAddr).Port
}

// Everything works on a cluster: all keys are in one slot, and the blocking reads, the bus and the guard find its node.
func TestOnACluster(t *testing.T) {
	d := openAt(t, cluster(t)...)
	ctx := t.Context()
	if _, ok := d.rdb.(*redis.ClusterClient); !ok {
		t.Fatalf("not a client of a cluster: %T", d.rdb)
	}
	if run := d.info(ctx, "server")["run_id"]; run == "" {
		t.Error("the server's run is not known")
	}
	d.guarded(record{chat(1), chat(2)})
	eventually(t, "built", 10*time.Second, func() bool { _, err := d.Head(ctx); return err == nil })
	d.seq["c001"], d.seq["c002"] = 1, 1
	p := newPaper(t)
	d.relaying(p)

	from, err := d.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	types, following := make(chan string, 100), make(chan error, 1)
	followed, stop := context.WithCancel(ctx)
	go func() {
		following <- d.Follow(followed, from, func(es []Entry) {
			for _, e := range es {
				types <- e.Type
			}
		})
	}()
	d.arrives("anna", 2)
	o := d.offered(chat(1), "anna")
	if _, err := d.Accept(ctx, o.ID, "anna"); err != nil {
		t.Fatal(err)
	}
	given := chat(1)
	given.State, given.Assignee = inbox.Assigned, "anna"
	p.write(d.event(given, journal.Assigned))
	want := []string{EntryAgent, EntryOffer, EntryAgent, EntryOfferEnd, EntryAgent, string(journal.Assigned), EntryAgent}
	var got []string
	for range want {
		got = append(got, receive(t, types))
	}
	if !slices.Equal(got, want) {
		t.Fatalf("feed %v, want %v", got, want)
	}
	stop()
	if err := <-following; err != nil {
		t.Fatal(err)
	}
	if s := d.snapshot(); len(s.Waiting) != 1 || s.Agents[0].Load[channels.Chat] != 1 {
		t.Fatalf("%+v", s)
	}
	clusterBus(t, d)
}

func clusterBus(t *testing.T, d *desk) {
	t.Helper()
	ctx, got := t.Context(), make(chan string, 10)
	for n := range 5 { // topics are in different slots
		cancel, err := d.Subscribe(ctx, fmt.Sprint("topic", n), into(got))
		if err != nil {
			t.Fatal(err)
		}
		defer cancel()
		if err := d.Publish(ctx, fmt.Sprint("topic", n), fmt.Append(nil, n)); err != nil {
			t.Fatal(err)
		}
		if s := receive(t, got); s != fmt.Sprint(n) {
			t.Fatalf("got %q", s)
		}
	}
	v := d.Visitors()
	if err := v.Here(ctx, "web", "anna", time.Minute); err != nil {
		t.Fatal(err)
	}
	check(t, v, []VisitorState{{Present: true}, {}, {}})
}
