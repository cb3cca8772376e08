package channeltest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twilio/twilio-go/client"
	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"sportello/channels/channeltest"
	"sportello/channels/channeltest/twilioapi"
)

const (
	twilioAccount  = "AC0123456789abcdef0123456789abcdef"
	twilioToken    = "4f1b0c2d3e4f5a6b7c8d9e0f1a2b3c4d"
	twilioNumber   = "+390212345678"
	twilioCustomer = "+393331234567"
)

// twilioHooks is a gateway that keeps what it is told and answers as scripted.
type twilioHooks struct {
	mu       sync.Mutex
	forms    []url.Values
	paths    []string
	answers  []int
	unsigned int
	base     string // by which signatures are checked
}

func (h *twilioHooks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	params := make(map[string]string)
	for k := range r.PostForm {
		params[k] = r.PostForm.Get(k)
	}
	judge := client.NewRequestValidator(twilioToken) // the provider's own library checks what the double has signed
	h.mu.Lock()
	defer h.mu.Unlock()
	if !judge.Validate(h.base+r.RequestURI, params, r.Header.Get("X-Twilio-Signature")) {
		h.unsigned++
	}
	h.forms, h.paths = append(h.forms, r.PostForm), append(h.paths, r.RequestURI)
	if len(h.answers) > 0 {
		w.WriteHeader(h.answers[0])
		h.answers = h.answers[1:]
	}
}

// twilioDocument is read once, because that takes a while.
var twilioDocument = sync.OnceValues(func() (*twilioapi.Document, error) {
	doc, _, err := twilioapi.Load()
	return doc, err
})

// newTwilio returns a double that calls h, and a client of the provider's own library that calls the double. Both are judged.
func newTwilio(t *testing.T, h *twilioHooks, change func(*channeltest.TwilioConfig)) (*channeltest.Twilio, *openapi.ApiService) {
	t.Helper()
	h.base = "https://help.example.it"
	gateway := httptest.NewServer(h)
	t.Cleanup(gateway.Close)
	cfg := channeltest.TwilioConfig{
		AccountSID: twilioAccount, AuthToken: twilioToken, Numbers: []string{twilioNumber},
		InboundURL: h.base + "/hooks/sms/it/inbound#rc=3", PublicURL: h.base, GatewayURL: gateway.URL, Client: gateway.Client(),
	}
	if change != nil {
		change(&cfg)
	}
	double := channeltest.NewTwilio(cfg)
	api := httptest.NewServer(double)
	t.Cleanup(api.Close)
	transport := http.RoundTripper(api.Client().Transport)
	doc, err := twilioDocument()
	if err != nil {
		t.Fatal(err)
	}
	if doc != nil {
		transport = doc.Judge(transport)
	} else {
		t.Log("the provider's document is not here: requests are checked by the double alone")
	}
	base := &client.Client{
		Credentials: client.NewCredentials(twilioAccount, twilioToken),
		HTTPClient:  &http.Client{Transport: twilioHost{api.URL, transport}},
	}
	base.SetAccountSid(twilioAccount)
	return double, openapi.NewApiService(&client.RequestHandler{Client: base})
}

// twilioHost sends every request to one server.
type twilioHost struct {
	server string
	next   http.RoundTripper
}

func (h twilioHost) RoundTrip(req *http.Request) (*http.Response, error) {
	u, err := url.Parse(h.server)
	if err != nil {
		return nil, err
	}
	req.URL.Scheme, req.URL.Host = u.Scheme, u.Host
	return h.next.RoundTrip(req)
}

func twilioText(to, body string) *openapi.CreateMessageParams {
	return new(openapi.CreateMessageParams).SetTo(to).SetFrom(twilioNumber).SetBody(body).SetStatusCallback("https://help.example.it/status?o=7")
}

// The vector that the provider publishes for its libraries.
func TestTwilioSignatureMatchesThePublishedVector(t *testing.T) {
	form := url.Values{"CallSid": {"CA1234567890ABCDE"}, "Caller": {"+14158675309"}, "Digits": {"1234"}, "From": {"+14158675309"}, "To": {"+18005551212"}}
	if got := channeltest.SignTwilio("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", form); got != "RSOYDt4T1cUTdK1PDd93/VVr8B8=" {
		t.Fatal(got)
	}
}

func TestTwilioTakesAndReports(t *testing.T) {
	h := new(twilioHooks)
	double, api := newTwilio(t, h, nil)
	msg, err := api.CreateMessage(twilioText(twilioCustomer, "ciao"))
	if err != nil || *msg.Status != "queued" {
		t.Fatalf("%+v %v", msg, err)
	}
	if err := double.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(h.forms) != 2 || h.forms[0].Get("MessageStatus") != "sent" || h.forms[1].Get("MessageStatus") != "delivered" || h.unsigned != 0 || h.paths[0] != "/status?o=7" {
		t.Fatalf("%v %v, %d unsigned", h.paths, h.forms, h.unsigned)
	}
	got, err := api.FetchMessage(*msg.Sid, new(openapi.FetchMessageParams))
	if err != nil || *got.Status != "delivered" {
		t.Fatalf("%+v %v", got, err)
	}
}

func TestTwilioRefusesAsTheProviderDoes(t *testing.T) {
	double, api := newTwilio(t, new(twilioHooks), nil)
	for code, params := range map[int]*openapi.CreateMessageParams{
		21211: twilioText("+12", "ciao"),
		21606: twilioText(twilioCustomer, "ciao").SetFrom("+390299999999"),
		21602: twilioText(twilioCustomer, ""),
		21617: twilioText(twilioCustomer, strings.Repeat("a", 1601)),
		21704: twilioText(twilioCustomer, "ciao").SetMessagingServiceSid("MG0123456789abcdef0123456789abcdef"),
		20404: twilioText(twilioCustomer, "ciao").SetPathAccountSid("ACffffffffffffffffffffffffffffffff"),
	} {
		_, err := api.CreateMessage(params)
		if e, ok := err.(*client.TwilioRestError); !ok || e.Code != code {
			t.Errorf("want %d, got %v", code, err)
		}
	}
	if n := len(double.Messages()); n != 0 {
		t.Fatalf("%d messages were kept", n)
	}
	r := httptest.NewRequest(http.MethodGet, "/2010-04-01/Accounts/"+twilioAccount+"/Messages.json", nil)
	r.SetBasicAuth(twilioAccount, "wrong")
	w := httptest.NewRecorder()
	if double.ServeHTTP(w, r); w.Code != 401 || !strings.Contains(w.Body.String(), `"code":20003`) {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
}

func TestTwilioListsInPagesAndByFilter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	double, api := newTwilio(t, new(twilioHooks), func(c *channeltest.TwilioConfig) { c.Now = func() time.Time { return now } })
	for i := range 25 {
		now = now.Add(time.Hour)
		to := twilioCustomer
		if i%5 == 0 {
			to = "+393339999999"
		}
		if _, err := api.CreateMessage(twilioText(to, "ciao")); err != nil {
			t.Fatal(err)
		}
	}
	list := func(p *openapi.ListMessageParams) int {
		t.Helper()
		all, err := api.ListMessage(p)
		if err != nil {
			t.Fatal(err)
		}
		seen := make(map[string]bool)
		for _, m := range all {
			seen[*m.Sid] = true
		}
		if len(seen) != len(all) {
			t.Fatalf("%d messages, %d different", len(all), len(seen))
		}
		return len(all)
	}
	day := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	paged := func() *openapi.ListMessageParams { return new(openapi.ListMessageParams).SetPageSize(4).SetLimit(100) }
	if n := list(paged()); n != 25 {
		t.Fatalf("all: %d", n)
	}
	if n := list(paged().SetTo("+393339999999")); n != 5 {
		t.Fatalf("by recipient: %d", n)
	}
	if n := list(paged().SetDateSentAfter(day)); n != 14 {
		t.Fatalf("from 2 March: %d", n)
	}
	if n := list(paged().SetDateSentBefore(day)); n != 12 {
		t.Fatalf("until midnight: %d", n)
	}
	if double.Calls() < 25+7 {
		t.Fatalf("%d calls: the pages were not followed", double.Calls())
	}
}

func TestTwilioMisbehavesWhenTold(t *testing.T) {
	h := new(twilioHooks)
	double, api := newTwilio(t, h, nil)
	double.Next(2, channeltest.Answer{Status: 503, Code: 20503, Message: "Service unavailable"})
	double.Next(1, channeltest.Answer{Take: true, Break: true})
	double.Next(1, channeltest.Answer{Take: true})
	for i, wantErr := range []bool{true, true, true, false, false} {
		if _, err := api.CreateMessage(twilioText(twilioCustomer, "ciao")); (err != nil) != wantErr {
			t.Fatalf("call %d: %v", i, err)
		}
	}
	if n := len(double.Sent()); n != 3 {
		t.Fatalf("%d messages", n)
	}
	double.Callbacks(channeltest.CallbackPlan{None: true})
	if err := double.Flush(t.Context()); err != nil || len(h.forms) != 6 {
		t.Fatalf("%d callbacks, %v", len(h.forms), err)
	}
	if _, err := api.CreateMessage(twilioText(twilioCustomer, "muto")); err != nil {
		t.Fatal(err)
	}
	if err := double.Flush(t.Context()); err != nil || len(h.forms) != 6 || double.Sent()[3].Status != "delivered" {
		t.Fatalf("%d callbacks, %v, %+v", len(h.forms), err, double.Sent()[3])
	}
}

func TestTwilioDeliversWithRetries(t *testing.T) {
	h := &twilioHooks{answers: []int{503, 503, 200}}
	double, _ := newTwilio(t, h, func(c *channeltest.TwilioConfig) { c.Retries = 2 })
	sid, status, err := double.Deliver(t.Context(), twilioCustomer, twilioNumber, "perché l'ora è €10?")
	if err != nil || status != 200 || len(h.forms) != 3 || h.unsigned != 0 {
		t.Fatalf("%d %v, %d posts, %d unsigned", status, err, len(h.forms), h.unsigned)
	}
	for i, f := range h.forms {
		if f.Get("MessageSid") != sid || h.paths[i] != "/hooks/sms/it/inbound" {
			t.Fatalf("%v %v", h.paths[i], f)
		}
	}
}

func TestTwilioRunDeliversCallbacks(t *testing.T) {
	arrived := make(chan string, 8)
	h := new(twilioHooks)
	double, api := newTwilio(t, h, func(c *channeltest.TwilioConfig) {
		next := c.Client.Transport
		c.Client = &http.Client{Transport: twilioRoundTrip(func(r *http.Request) (*http.Response, error) {
			arrived <- r.URL.RawQuery
			return next.RoundTrip(r)
		})}
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- double.Run(ctx) }()
	if _, err := api.CreateMessage(twilioText(twilioCustomer, "ciao")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got := <-arrived; got != "o=7" {
			t.Fatal(got)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

type twilioRoundTrip func(*http.Request) (*http.Response, error)

func (f twilioRoundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// A demo that is started again over the same record must not repeat the ids of its first run.
func TestTwilioSidsDifferBetweenRuns(t *testing.T) {
	seen := make(map[string]bool)
	for run := range 2 {
		double, _ := newTwilio(t, new(twilioHooks), func(c *channeltest.TwilioConfig) {
			c.First = 1_800_000_000 + run
		})
		sid, _, err := double.Deliver(t.Context(), twilioCustomer, twilioNumber, "ciao")
		if err != nil || seen[sid] || len(sid) != 34 {
			t.Fatalf("%s %v", sid, err)
		}
		seen[sid] = true
	}
}

// The printed command is read by a real shell, in which curl is a function that prints its arguments.
func TestTwilioCurlSurvivesTheShell(t *testing.T) {
	double, _ := newTwilio(t, new(twilioHooks), nil)
	const body = `L'ora è "questa": $HOME €5 \ & #1`
	command := double.CurlInbound("http://127.0.0.1:8080/hooks/sms/it/inbound#rc=3", twilioCustomer, twilioNumber, body)
	out, err := exec.CommandContext(t.Context(), "sh", "-c", `curl() { for a in "$@"; do printf '%s\0' "$a"; done; }`+"\n"+command).Output()
	if err != nil {
		t.Fatal(err)
	}
	form, params, signature := url.Values{}, map[string]string{}, ""
	args := strings.Split(string(out), "\x00")
	for i, a := range args {
		switch {
		case strings.HasPrefix(a, "X-Twilio-Signature: "):
			signature = strings.TrimPrefix(a, "X-Twilio-Signature: ")
		case i > 0 && args[i-1] == "--data-urlencode":
			k, v, _ := strings.Cut(a, "=")
			form.Set(k, v)
			params[k] = v
		}
	}
	if form.Get("Body") != body || form.Get("From") != twilioCustomer || form.Get("MessageSid") == "" {
		t.Fatalf("%v", form)
	}
	judge := client.NewRequestValidator(twilioToken)
	if !judge.Validate("http://127.0.0.1:8080/hooks/sms/it/inbound", params, signature) {
		t.Fatalf("the signature does not match: %s", command)
	}
}
