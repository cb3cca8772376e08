package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"sportello/channels"
	"sportello/channels/pause"
	"sportello/inbox/live"
)

// E-14, REQ-EM2: of two gateways one reads the mailbox. Both, and doctor, say the same of it; when the reader stops, the trouble has
// begun when it began.
func TestE14AnyGatewayKnowsHowAMailboxDoes(t *testing.T) {
	redis, stopRedis, err := live.Embedded(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer stopRedis()
	dir := t.TempDir()
	s, err := load(settingsFile(t, loneSettings(dir)+`
email:
  - account: support
    address: support@example.it
    imap: {host: 127.0.0.1, port: 1, tls: tls, user: u, password: p}
    smtp: {host: 127.0.0.1, port: 1, tls: starttls, user: u, password: p}
`), []string{"SPORTELLO_REDIS__ADDRESSES=" + redis})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	start := func() (a *app, stop func()) {
		a, err := build(ctx, s, slog.New(slog.DiscardHandler), options{})
		if err != nil {
			t.Fatal(err)
		}
		running, end := context.WithCancel(ctx)
		ready, done := make(chan struct{}), make(chan error, 1)
		go func() { done <- a.run(running, func(net.Addr) { close(ready) }) }()
		<-ready
		return a, func() {
			end()
			if err := <-done; err != nil {
				t.Error(err)
			}
			if err := a.close(); err != nil {
				t.Error(err)
			}
		}
	}
	fails := func(a *app) (h channels.Health) {
		for {
			if all := a.health.all(); len(all) == 1 && !all[0].OK {
				return all[0]
			}
			if ctx.Err() != nil {
				t.Fatalf("%+v", a.health.all())
			}
			pause.For(ctx, 5*time.Millisecond)
		}
	}
	one, stopOne := start()
	first := fails(one)
	two, stopTwo := start()
	defer stopTwo()
	if h := fails(two); h.Code != "network" || h.Code != first.Code || !h.Since.Equal(first.Since) || len(two.health.own()) != 0 {
		t.Errorf("the second says %+v, the first %+v", h, first)
	}
	d := &doctor{app: two}
	d.health(ctx)
	if said := fmt.Sprint(d.found); !strings.Contains(said, "support health") || !strings.Contains(said, "network since "+first.Since.UTC().Format(time.RFC3339)) {
		t.Errorf("doctor says %s", said)
	}
	stopOne()
	for len(two.health.own()) == 0 {
		if ctx.Err() != nil {
			t.Fatal("nobody took over")
		}
		pause.For(ctx, 5*time.Millisecond)
	}
	if h := fails(two); !h.Since.Equal(first.Since) {
		t.Errorf("fails since %s, not since %s", h.Since, first.Since)
	}
}

// What gateways say of one account is put together so that trouble anywhere shows.
func TestE14WorstIsShown(t *testing.T) {
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	well := channels.Health{Account: "sms", OK: true, Code: "ok", LastSuccess: at, At: at.Add(time.Hour)}
	ill := channels.Health{Account: "sms", Code: "auth", Since: at.Add(time.Minute), At: at.Add(time.Minute), Held: 1}
	iller := channels.Health{Account: "sms", Code: "network", Since: at, At: at.Add(2 * time.Minute)}
	want := iller
	want.LastSuccess, want.Held = at, 1
	for _, order := range [][]channels.Health{{well, ill, iller}, {iller, ill, well}, {ill, well, iller}} {
		all := map[channels.AccountID]channels.Health{}
		for _, h := range order {
			worse(all, h)
		}
		if !reflect.DeepEqual(all["sms"], want) {
			t.Errorf("%+v", all["sms"])
		}
	}
}
