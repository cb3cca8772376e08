package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"sportello/inbox/db"
	"sportello/inbox/inboxtest"
)

func TestMain(m *testing.M) { inboxtest.Main(m) }

func TestQuantilesAreRightWithinTwoPerCent(t *testing.T) {
	var l latencies
	for i := 1; i <= 10_000; i++ {
		l.add(time.Duration(i) * 37 * time.Microsecond)
	}
	for q, want := range map[float64]time.Duration{.5: 185 * time.Millisecond, .95: 351500 * time.Microsecond, .99: 366300 * time.Microsecond} {
		if got := l.quantile(q); math.Abs(float64(got-want)) > .02*float64(want) {
			t.Errorf("p%v is %s, want %s", q*100, got, want)
		}
	}
	if q := l.quantiles(); q.N != 10_000 || math.Abs(q.Max-370) > 8 {
		t.Errorf("%+v", q)
	}
}

func TestBucketsHaveNoHoles(t *testing.T) {
	for i := range 64 * 36 {
		if got := bucket(upper(i)); got != i {
			t.Fatalf("the upper end of bucket %d lies in %d", i, got)
		}
		if got := bucket(upper(i) + 1); got != i+1 {
			t.Fatalf("what follows bucket %d lies in %d", i, got)
		}
	}
	new(latencies).add(1000 * time.Hour) // counted in the last bucket
}

func TestEmptyLatenciesAreZero(t *testing.T) {
	if q := new(latencies).quantiles(); *q != (quantiles{}) {
		t.Errorf("%+v", q)
	}
}

func TestOwnProcessorTimeIsFound(t *testing.T) {
	self := map[string]int{"self": os.Getpid()}
	before, err := cpuTimes(self)
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(30 * time.Second); ; {
		for n := 0; n < 1e7; n++ {
			_ = bucket(time.Duration(n))
		}
		after, err := cpuTimes(self)
		if err != nil {
			t.Fatal(err)
		}
		if after["self"]-before["self"] >= 5*clockTick {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("work costs nothing")
		}
	}
	if n, err := resident(os.Getpid()); err != nil || n < 1<<20 {
		t.Errorf("%d bytes resident, %v", n, err)
	}
	if _, err := cpuTimes(map[string]int{"nobody": math.MaxInt32}); err == nil {
		t.Error("a process that is not there is measured")
	}
}

func TestOnlyTheWholeMarkCounts(t *testing.T) {
	for text, want := range map[string]struct {
		index int
		n     int64
		ok    bool
	}{
		`"text":"~lt7.42~ Buongiorno"`: {7, 42, true},
		`~lt0.1~ ~lt9.9~`:              {0, 1, true},
		`nothing`:                      {},
		`~lt7.42`:                      {},
		`~lt7~ ~`:                      {},
		`~ltx.1~`:                      {},
		`~lt1.x~`:                      {},
	} {
		index, n, ok := marked([]byte(text))
		if ok != want.ok || ok && (index != want.index || n != want.n) {
			t.Errorf("%s: %d %d %v", text, index, n, ok)
		}
	}
	talk := &talk{index: 3}
	if n, text := talk.text(); n != 1 || !strings.HasPrefix(text, "~lt3.1~ ") {
		t.Error(n, text)
	}
}

func TestLateAndOldArrivalsAreTold(t *testing.T) {
	to := make(chan arrival, 1)
	tell(to, 1)
	tell(to, 1) // twice is told once
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := await(ctx, to, 2); err == nil {
		t.Error("an old text counts as the awaited one")
	}
	tell(to, 2)
	if at, err := await(t.Context(), to, 2); err != nil || at.IsZero() {
		t.Error(at, err)
	}
}

func TestBarsAndComparison(t *testing.T) {
	r := newReport()
	r.add(row{Name: "chat", PerSecond: 6500, Bars: []bar{atLeast("msg/s", 6500, 6000), atMost("CPU ms", .3, .2)}})
	r.add(row{Name: "grown: chat", PerSecond: 3250})
	if r.missed() != 1 {
		t.Errorf("%d missed", r.missed())
	}
	r.compare(1, "grown: ")
	if b := r.Rows[1].Bars; len(b) != 1 || b[0].Have != 2 || b[0].Met {
		t.Errorf("%+v", b)
	}
	var text, raw bytes.Buffer
	r.writeText(&text)
	for _, want := range []string{"met    msg/s 6.5e+03, wanted ≥ 6000", "MISSED CPU ms 0.3, wanted ≤ 0.2", "MISSED × slower than empty 2, wanted ≤ 1.3"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is not in\n%s", want, &text)
		}
	}
	var back report
	if err := r.writeJSON(&raw); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw.Bytes(), &back); err != nil || len(back.Rows) != 2 {
		t.Error(err, back)
	}
}

func TestRedisIsSpokenTo(t *testing.T) {
	c, err := dialRedis(t.Context(), inboxtest.Redis(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.conn.Close() }()
	for _, step := range []struct {
		want string
		say  []string
	}{
		{"OK", []string{"SET", "k", "v\r\nw"}}, {"v\r\nw", []string{"GET", "k"}}, {"", []string{"GET", "none"}},
		{"1", []string{"LPUSH", "l", "x"}}, {"", []string{"LRANGE", "l", "0", "-1"}}, {"PONG", []string{"PING"}},
	} {
		if got, err := c.do(step.say...); err != nil || got != step.want {
			t.Errorf("%v: %q, %v", step.say, got, err)
		}
	}
	if _, err := c.do("LPUSH", "k", "x"); err == nil {
		t.Error("an error is not told")
	}
}

// What the grown record holds must be what the record's own rules allow, whatever migrations did to it.
func TestGrownRecordIsLoaded(t *testing.T) {
	address := inboxtest.PostgresURL(t)
	b := &bench{say: func(string) {}}
	if err := b.load(t.Context(), address, 20, 500, 10); err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	for query, want := range map[string]int{
		`SELECT count(*) FROM customer`: 20,
		`SELECT count(*) FROM identity`: 60,
		`SELECT count(*) FROM identity WHERE kind = 'sms' AND value = '+393470000007'`:                                             1,
		`SELECT count(*) FROM conversation WHERE kind = 'email' AND account_id = 'support'`:                                        20,
		`SELECT count(*) FROM mail_ref r JOIN message m ON m.id = r.message_id AND m.kind = 'email'`:                               100,
		`SELECT count(*) FROM message m JOIN identity i ON i.customer_id = m.customer_id AND (i.kind, i.value) = (m.kind, m.peer)`: 500,
		`SELECT count(*) FROM conversation`:                         100,
		`SELECT count(*) FROM conversation WHERE state = 'waiting'`: 10,
		`SELECT count(*) FROM message`:                              500,
		`SELECT count(*) FROM event`:                                600,
		`SELECT value FROM counter WHERE name = 'conversation'`:     1100,
		`SELECT count(*) FROM message m JOIN event e ON e.seq = m.seq AND e.stream = 'conversation:' || m.conversation_id`: 500,
	} {
		var n int
		if err := d.QueryRow(query).Scan(&n); err != nil || n != want {
			t.Errorf("%s: %d, %v", query, n, err)
		}
	}
}

func TestNumbers(t *testing.T) {
	var a, b int
	if err := numbers("200000, 7", &a, &b); err != nil || a != 200000 || b != 7 {
		t.Error(a, b, err)
	}
	for _, bad := range []string{"", "1", "1,2,3", "1,x", "1,-2"} {
		if numbers(bad, &a, &b) == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestCommandLine(t *testing.T) {
	for args, want := range map[string]int{"--help": 0, "up --help": 0, "up --rows chat,nonsense": 2, "up --nonsense": 2, "run": 2} {
		if got := run(t.Context(), strings.Fields(args), nil, io.Discard, io.Discard); got != want {
			t.Errorf("%s: %d, want %d", args, got, want)
		}
	}
}
