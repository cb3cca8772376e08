package sms_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sportello/channels"
	"sportello/channels/channeltest"
	"sportello/channels/channeltest/twilioapi"
	"sportello/channels/sms"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	accountSID = "AC0123456789abcdef0123456789abcdef"
	service    = "MG0123456789abcdef0123456789abcdef"
	token      = "4f1b0c2d3e4f5a6b7c8d9e0f1a2b3c4d"
	number     = "+390212345678"
	customer   = "+393331234567"
	publicURL  = "https://help.example.it"
)

// rig is an adapter between a provider and a sink, all in this process. Every REST call is judged by the provider's document
// where that is at hand.
type rig struct {
	adapter *sms.Adapter
	sink    *channeltest.RecordingSink
	vault   *channeltest.MemoryVault
	twilio  *channeltest.Twilio
	gateway *httptest.Server
	api     *httptest.Server

	mu     sync.Mutex
	health []channels.Health
}

func config() sms.Config {
	return sms.Config{Account: "sms-it", AccountSID: accountSID, AuthTokens: []string{token}, Number: number, PublicURL: publicURL}
}

var document = sync.OnceValues(func() (*twilioapi.Document, error) {
	doc, _, err := twilioapi.Load()
	return doc, err
})

// newRig builds a rig; change, if any, alters the configurations before.
func newRig(t *testing.T, change func(*sms.Config, *channeltest.TwilioConfig)) *rig {
	t.Helper()
	r := &rig{sink: new(channeltest.RecordingSink), vault: new(channeltest.MemoryVault)}
	mux := http.NewServeMux()
	r.gateway = httptest.NewServer(mux)
	t.Cleanup(r.gateway.Close)
	cfg := config()
	double := channeltest.TwilioConfig{
		AccountSID: accountSID, AuthToken: token, Numbers: []string{number},
		PublicURL: publicURL, GatewayURL: r.gateway.URL, InboundURL: cfg.InboundURL(), Client: r.gateway.Client(),
	}
	if change != nil {
		change(&cfg, &double)
	}
	r.twilio = channeltest.NewTwilio(double)
	r.api = httptest.NewServer(r.twilio)
	t.Cleanup(r.api.Close)
	if cfg.APIBase == "" {
		cfg.APIBase = r.api.URL
	}
	deps := sms.Deps{Sink: r.sink, Vault: r.vault, Health: r.heard, Now: func() time.Time { return time.Unix(1_800_000_000, 0) }}
	r.judge(t, &deps)
	adapter, err := sms.New(cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	r.adapter = adapter
	mux.Handle("/hooks/", adapter.Handler())
	return r
}

func (r *rig) judge(t *testing.T, deps *sms.Deps) {
	doc, err := document()
	if err != nil {
		t.Fatal(err)
	}
	if doc == nil {
		t.Log("the provider's document is not here: requests are checked by the double alone")
		deps.Transport = r.api.Client().Transport
		return
	}
	judge := doc.Judge(r.api.Client().Transport)
	deps.Transport = judge
	t.Cleanup(func() {
		if _, wrong := judge.Verdict(); wrong != nil {
			t.Error(wrong)
		}
	})
}

func (r *rig) heard(h channels.Health) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.health = append(r.health, h)
}

// codes returns the health codes heard so far.
func (r *rig) codes() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var codes []string
	for _, h := range r.health {
		codes = append(codes, h.Code)
	}
	return codes
}

// deliver sends a text and fails the test when it is not answered with want.
func (r *rig) deliver(t *testing.T, from, body string, want int) (sid string) {
	t.Helper()
	sid, status, err := r.twilio.Deliver(t.Context(), from, number, body)
	if err != nil || status != want {
		t.Fatalf("delivered %q: status %d, %v; want %d", body, status, err, want)
	}
	return sid
}

// one returns the only message that the sink has taken.
func (r *rig) one(t *testing.T) channels.Inbound {
	t.Helper()
	all := r.sink.Inbounds()
	if len(all) != 1 {
		t.Fatalf("the sink has taken %d messages, want 1", len(all))
	}
	return all[0]
}

func outbound(text string) channels.Outbound {
	return channels.Outbound{
		ID: "0199b0c0-0000-7000-8000-000000000001", Account: "sms-it", Kind: channels.SMS,
		From: channels.Address{Kind: channels.SMS, Value: number},
		To:   []channels.Address{{Kind: channels.SMS, Value: customer}}, Text: text, Attempt: 1,
	}
}

// until polls done and fails the test after ten seconds.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
