package sms_test

import (
	"context"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"sportello/channels"
	"sportello/channels/channeltest"
	"sportello/channels/sms"
)

func TestM10SendCarriesTheOutboxID(t *testing.T) {
	r := newRig(t, nil)
	out := outbound("Buongiorno, siamo aperti.")
	sent, err := r.adapter.Send(t.Context(), out)
	if err != nil {
		t.Fatal(err)
	}
	all := r.twilio.Sent()
	if len(all) != 1 || sent.External != all[0].SID || sent.State != channels.StateSent {
		t.Fatalf("%+v %+v", sent, all)
	}
	m := all[0]
	if m.From != number || m.To != customer || m.Body != out.Text || m.StatusCallback != config().StatusURL(out.ID) {
		t.Fatalf("%+v", m)
	}
	if !strings.HasPrefix(m.StatusCallback, publicURL+"/hooks/sms/sms-it/status?o="+out.ID) {
		t.Fatalf("callback %s", m.StatusCallback)
	}
}

func TestM11MessagingServiceIsPreferred(t *testing.T) {
	r := newRig(t, func(cfg *sms.Config, double *channeltest.TwilioConfig) {
		cfg.MessagingServiceSID, double.ServiceSID = service, service
		cfg.APIKey, cfg.APISecret = "SK0123456789abcdef0123456789abcdef", "s3cr3t"
		double.APIKey, double.APISecret = cfg.APIKey, cfg.APISecret
	})
	if _, err := r.adapter.Send(t.Context(), outbound("ciao")); err != nil {
		t.Fatal(err)
	}
	if m := r.twilio.Sent()[0]; m.ServiceSID != service {
		t.Fatalf("%+v", m)
	}
}

// What the caller can know without the provider costs no call.
func TestSendRefusesWhatCannotWork(t *testing.T) {
	r := newRig(t, nil)
	for name, c := range map[string]struct {
		change func(*channels.Outbound)
		code   string
	}{
		"M-22 over 1600 characters": {func(o *channels.Outbound) { o.Text = strings.Repeat("è", 1601) }, channels.CodeTooLarge},
		"M-07 alphanumeric sender":  {func(o *channels.Outbound) { o.To[0].Value = "Poste" }, channels.CodeNotCapable},
		"no recipient":              {func(o *channels.Outbound) { o.To = nil }, channels.CodeBadAddress},
		"two recipients":            {func(o *channels.Outbound) { o.To = append(o.To, o.To[0]) }, channels.CodeBadAddress},
		"not an address":            {func(o *channels.Outbound) { o.To[0].Value = "+" }, channels.CodeBadAddress},
		"empty":                     {func(o *channels.Outbound) { o.Text = "" }, channels.CodeContent},
		"a file":                    {func(o *channels.Outbound) { o.Parts = []channels.Part{{Name: "a.pdf"}} }, channels.CodeNotCapable},
	} {
		out := outbound("ciao")
		c.change(&out)
		_, err := r.adapter.Send(t.Context(), out)
		if f := channels.AsFault(err); f == nil || f.Class != channels.Permanent || f.Code != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if r.twilio.Calls() != 0 {
		t.Fatalf("%d calls", r.twilio.Calls())
	}
	out := outbound(strings.Repeat("è", 1600))
	if _, err := r.adapter.Send(t.Context(), out); err != nil {
		t.Fatalf("1600 characters: %v", err)
	}
}

func TestM14AnswersBecomeFaults(t *testing.T) {
	for name, c := range map[string]struct {
		answer channeltest.Answer
		class  channels.Class
		code   string
		after  time.Duration
	}{
		"opted out":             {channeltest.Answer{Status: 400, Code: 21610, Message: "unsubscribed"}, channels.Permanent, channels.CodeOptedOut, 0},
		"too fast":              {channeltest.Answer{Status: 429, Code: 20429, RetryAfter: 7 * time.Second}, channels.Temporary, channels.CodeThrottled, 7 * time.Second},
		"too fast, proxy":       {channeltest.Answer{Status: 429, Body: "slow down", RetryAfter: 9 * time.Second}, channels.Temporary, channels.CodeThrottled, 9 * time.Second},
		"signed out":            {channeltest.Answer{Status: 401, Code: 20003, Message: "Authenticate"}, channels.Temporary, channels.CodeAuth, 5 * time.Minute},
		"server error":          {channeltest.Answer{Status: 500, Code: 20500, Message: "Internal"}, channels.Temporary, channels.CodeProvider, 0},
		"bad gateway, HTML":     {channeltest.Answer{Status: 502, Body: "<html>" + strings.Repeat("x", 6000)}, channels.Temporary, channels.CodeProvider, 0},
		"unavailable":           {channeltest.Answer{Status: 503, Body: "", RetryAfter: 30 * time.Second}, channels.Temporary, channels.CodeProvider, 30 * time.Second},
		"gateway time-out":      {channeltest.Answer{Status: 504, Body: "late"}, channels.Uncertain, channels.CodeTimeout, 0},
		"code not in the table": {channeltest.Answer{Status: 400, Code: 29999, Message: "new"}, channels.Temporary, channels.CodeProvider, 0},
		"redirect":              {channeltest.Answer{Status: 302, Body: "elsewhere"}, channels.Temporary, channels.CodeProvider, 0},
		"taken, not readable":   {channeltest.Answer{Status: 201, Body: "<html>"}, channels.Uncertain, channels.CodeProvider, 0},
		"taken, no sid":         {channeltest.Answer{Status: 201, Body: "{}"}, channels.Uncertain, channels.CodeProvider, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, nil)
			r.twilio.Next(1, c.answer)
			_, err := r.adapter.Send(t.Context(), outbound("ciao"))
			f := channels.AsFault(err)
			if f == nil || f.Class != c.class || f.Code != c.code || f.RetryAfter != c.after {
				t.Fatalf("%+v", f)
			}
			if r.twilio.Calls() != 1 {
				t.Fatalf("%d calls: a sender never tries again by itself", r.twilio.Calls())
			}
		})
	}
}

func TestM10ConnectionRefusedSentNothing(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	_ = l.Close()
	r := newRig(t, func(cfg *sms.Config, _ *channeltest.TwilioConfig) { cfg.APIBase = "http://" + closed })
	_, err = r.adapter.Send(t.Context(), outbound("ciao"))
	if f := channels.AsFault(err); f.Class != channels.Temporary || f.Code != channels.CodeNetwork {
		t.Fatalf("%+v", f)
	}
	if got := strings.Join(r.codes(), " "); got != "network" {
		t.Fatalf("health %q", got)
	}
}

func TestM10TakenButNeverAnsweredIsUncertainAndSettledByCallback(t *testing.T) {
	for name, a := range map[string]channeltest.Answer{
		"no answer":         {Take: true, Hang: true},
		"connection broken": {Take: true, Break: true},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, nil)
			r.twilio.Next(1, a)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			failed := make(chan error, 1)
			go func() {
				_, err := r.adapter.Send(ctx, outbound("una volta sola"))
				failed <- err
			}()
			until(t, "the provider to take it", func() bool { return len(r.twilio.Sent()) == 1 })
			if a.Hang {
				cancel()
			}
			if f := channels.AsFault(<-failed); f == nil || f.Class != channels.Uncertain {
				t.Fatalf("%+v", f)
			}
			if n := len(r.twilio.Sent()); n != 1 || r.twilio.Calls() != 1 {
				t.Fatalf("%d messages, %d calls", n, r.twilio.Calls())
			}
			if err := r.twilio.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			receipts := r.sink.Receipts()
			if len(receipts) != 2 || receipts[0].OutboxID != outbound("").ID || receipts[1].State != channels.StateDelivered {
				t.Fatalf("%+v", receipts)
			}
		})
	}
}

func TestSendHasItsOwnDeadline(t *testing.T) {
	r := newRig(t, func(cfg *sms.Config, _ *channeltest.TwilioConfig) { cfg.Timeout = 100 * time.Millisecond })
	r.twilio.Next(1, channeltest.Answer{Hang: true})
	_, err := r.adapter.Send(context.WithoutCancel(t.Context()), outbound("ciao"))
	if f := channels.AsFault(err); f.Class != channels.Uncertain || f.Code != channels.CodeTimeout {
		t.Fatalf("%+v", f)
	}
}

// The client library leaves the body of a failure open; 200 failures would hold 200 connections and 400 goroutines.
func TestFailuresLeakNoConnection(t *testing.T) {
	r := newRig(t, nil)
	r.twilio.Next(200, channeltest.Answer{Status: 502, Body: strings.Repeat("x", 6000)})
	before := runtime.NumGoroutine()
	for range 200 {
		if _, err := r.adapter.Send(t.Context(), outbound("ciao")); err == nil {
			t.Fatal("sent")
		}
	}
	if after := runtime.NumGoroutine(); after > before+20 {
		t.Fatalf("%d goroutines before, %d after", before, after)
	}
}

func TestM17ProviderRefusesAfterStop(t *testing.T) {
	r := newRig(t, nil)
	r.deliver(t, customer, "STOP", 200)
	_, err := r.adapter.Send(t.Context(), outbound("offerta"))
	if f := channels.AsFault(err); f == nil || f.Code != channels.CodeOptedOut || f.Class != channels.Permanent || f.Provider != "21610" {
		t.Fatalf("%+v", f)
	}
	r.deliver(t, customer, "START", 200)
	if _, err := r.adapter.Send(t.Context(), outbound("bentornata")); err != nil {
		t.Fatal(err)
	}
}

// M-14: a suspended account is an administrator's affair; texts that still come in do not hide it.
func TestHealthOfTheAPIIsNotHealedByIncomingTexts(t *testing.T) {
	r := newRig(t, nil)
	r.deliver(t, customer, "uno", 200)
	r.twilio.Outcome(customer, channeltest.Outcome{Status: "failed", Code: 30002})
	if _, err := r.adapter.Send(t.Context(), outbound("ciao")); err != nil {
		t.Fatal(err)
	}
	if err := r.twilio.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.deliver(t, customer, "due", 200)
	if got := strings.Join(r.codes(), " "); got != "ok auth" {
		t.Fatalf("health %q", got)
	}
	if _, err := r.adapter.Send(t.Context(), outbound("di nuovo")); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(r.codes(), " "); got != "ok auth ok" {
		t.Fatalf("health %q", got)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	adapter, err := sms.New(config(), sms.Deps{Sink: new(channeltest.RecordingSink), Vault: new(channeltest.MemoryVault)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- adapter.Run(ctx) }()
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// The client library would send to another host when these are set.
func TestEnvironmentDoesNotMoveTheAPI(t *testing.T) {
	t.Setenv("TWILIO_EDGE", "dublin")
	t.Setenv("TWILIO_REGION", "ie1")
	host := make(chan string, 1)
	adapter, err := sms.New(config(), sms.Deps{
		Sink: new(channeltest.RecordingSink), Vault: new(channeltest.MemoryVault),
		Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
			host <- req.URL.Host
			return nil, net.ErrClosed
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := adapter.Send(t.Context(), outbound("ciao")); err == nil {
		t.Fatal("sent")
	}
	if got := <-host; got != "api.twilio.com" {
		t.Fatalf("host %s", got)
	}
}

func TestAPIBaseMayHaveAPath(t *testing.T) {
	cfg := config()
	cfg.APIBase = "http://127.0.0.1:1/proxy/"
	path := make(chan string, 1)
	adapter, err := sms.New(cfg, sms.Deps{
		Sink: new(channeltest.RecordingSink), Vault: new(channeltest.MemoryVault),
		Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
			path <- req.URL.String()
			return nil, net.ErrClosed
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := adapter.Send(t.Context(), outbound("ciao")); err == nil {
		t.Fatal("sent")
	}
	if got := <-path; got != "http://127.0.0.1:1/proxy/2010-04-01/Accounts/"+accountSID+"/Messages.json" {
		t.Fatal(got)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
