package channeltest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// TwilioConfig describes the provider account that a Twilio plays.
type TwilioConfig struct {
	AccountSID string
	AuthToken  string // signs webhooks, and signs in to the API with AccountSID as user name
	APIKey     string // optional second way to sign in
	APISecret  string
	Numbers    []string // the account's senders
	ServiceSID string   // optional Messaging Service, which sends from the first number

	First int // the number of the first sid, so that a provider started anew does not give a sid twice

	InboundURL string // where incoming texts are announced: the public URL, which is what gets signed; a fragment is not sent
	PublicURL  string // webhooks whose URL begins with this …
	GatewayURL string // … are delivered here instead; both empty: delivered where they say

	Client  *http.Client                                 // carries webhooks; one with 15 s to answer when nil
	Now     func() time.Time                             // time.Now when nil
	Retries int                                          // further tries of a webhook that is answered 5xx or not at all
	Pause   func(ctx context.Context, attempt int) error // waits before a further try; no wait when nil
}

// Twilio plays the provider's side of SMS in this process: the REST API as an http.Handler, signed webhooks as a client. It keeps
// every message, honours STOP as the provider does, and can be told to misbehave. All methods may be called from any goroutine.
//
// Status callbacks are queued. Run delivers them as they come; Flush delivers what is queued now.
type Twilio struct {
	cfg    TwilioConfig
	client *http.Client
	mux    *http.ServeMux

	mu       sync.Mutex
	last     int              // number of the last sid
	messages []*TwilioMessage // oldest first
	optedOut map[pair]bool
	answers  []Answer // scripted, next first
	plan     CallbackPlan
	outcomes map[string]Outcome // by recipient
	queue    []callback
	wake     chan struct{} // capacity 1: there is something in queue
	calls    int
}

type pair struct{ ours, peer string }

// TwilioMessage is one message as the provider keeps it.
type TwilioMessage struct {
	SID, From, To, Body string
	ServiceSID          string
	Direction           string // "inbound", "outbound-api", or "outbound-reply" for the provider's own answers
	Status              string
	ErrorCode           int
	StatusCallback      string
	Form                url.Values // an incoming message's webhook fields
	At                  time.Time
}

// NewTwilio returns a provider. It starts nothing.
func NewTwilio(cfg TwilioConfig) *Twilio {
	t := &Twilio{
		cfg: cfg, client: cfg.Client, mux: http.NewServeMux(), last: cfg.First,
		optedOut: make(map[pair]bool), outcomes: make(map[string]Outcome), wake: make(chan struct{}, 1),
	}
	if t.client == nil {
		t.client = &http.Client{Timeout: 15 * time.Second}
	}
	if t.cfg.Now == nil {
		t.cfg.Now = time.Now
	}
	const base = "/2010-04-01/Accounts/{account}/Messages"
	t.mux.HandleFunc("POST "+base+".json", t.create)
	t.mux.HandleFunc("GET "+base+".json", t.list)
	t.mux.HandleFunc("GET "+base+"/{sid}", t.fetch)
	t.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusNotFound, 20404, "The requested resource "+r.URL.Path+" was not found")
	})
	return t
}

// ServeHTTP is the REST API. Scripted answers go before everything else.
func (t *Twilio) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	t.calls++
	var scripted *Answer
	if len(t.answers) > 0 {
		scripted, t.answers = &t.answers[0], t.answers[1:]
	}
	t.mu.Unlock()
	if scripted != nil {
		t.misbehave(w, r, *scripted)
		return
	}
	t.serve(w, r)
}

func (t *Twilio) serve(w http.ResponseWriter, r *http.Request) {
	if !t.signedIn(r) {
		w.Header().Set("WWW-Authenticate", `Basic realm="Twilio API"`)
		refuse(w, http.StatusUnauthorized, 20003, "Authenticate")
		return
	}
	t.mux.ServeHTTP(w, r)
}

func (t *Twilio) signedIn(r *http.Request) bool {
	user, password, ok := r.BasicAuth()
	return ok && (user == t.cfg.AccountSID && password == t.cfg.AuthToken ||
		t.cfg.APIKey != "" && user == t.cfg.APIKey && password == t.cfg.APISecret)
}

// Calls counts the requests to the REST API.
func (t *Twilio) Calls() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.calls
}

// Messages returns what the provider keeps, oldest first.
func (t *Twilio) Messages() []TwilioMessage {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]TwilioMessage, len(t.messages))
	for i, m := range t.messages {
		out[i] = *m
	}
	return out
}

// Sent returns the messages that came through the API, oldest first.
func (t *Twilio) Sent() []TwilioMessage {
	return slices.DeleteFunc(t.Messages(), func(m TwilioMessage) bool { return m.Direction != "outbound-api" })
}

// keep numbers a message and files it. The lock is held.
func (t *Twilio) keep(m TwilioMessage) *TwilioMessage {
	m.SID = t.sid()
	m.At = t.cfg.Now().UTC()
	t.messages = append(t.messages, &m)
	return &m
}

// sid returns a new message SID. The lock is held.
func (t *Twilio) sid() string {
	t.last++
	return fmt.Sprintf("SM%032x", t.last)
}

func (t *Twilio) find(sid string) *TwilioMessage {
	for _, m := range t.messages {
		if m.SID == sid {
			return m
		}
	}
	return nil
}

var (
	e164Pattern  = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	shortPattern = regexp.MustCompile(`^[0-9]{3,8}$`)
)

// create takes a message, with the provider's own checks in the provider's own order.
func (t *Twilio) create(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, 20001, "The request body could not be read")
		return
	}
	if r.PathValue("account") != t.cfg.AccountSID {
		refuse(w, http.StatusNotFound, 20404, "The requested resource "+r.URL.Path+" was not found")
		return
	}
	m, fault := t.take(r.PostForm)
	if fault != nil {
		refuse(w, fault.status, fault.code, fault.message)
		return
	}
	writeJSON(w, http.StatusCreated, t.resource(m))
}

type apiFault struct {
	status, code int
	message      string
}

func (t *Twilio) take(form url.Values) (TwilioMessage, *apiFault) {
	bad := func(code int, format string, args ...any) (TwilioMessage, *apiFault) {
		return TwilioMessage{}, &apiFault{http.StatusBadRequest, code, fmt.Sprintf(format, args...)}
	}
	from, to, body, service := form.Get("From"), form.Get("To"), form.Get("Body"), form.Get("MessagingServiceSid")
	callbackURL := form.Get("StatusCallback")
	switch {
	case to == "":
		return bad(21604, "A 'To' phone number is required.")
	case !e164Pattern.MatchString(to) && !shortPattern.MatchString(to):
		return bad(21211, "The 'To' number %s is not a valid phone number.", to)
	case from == "" && service == "":
		return bad(21603, "A 'From' phone number is required.")
	case service != "" && service != t.cfg.ServiceSID:
		return bad(21704, "The Messaging Service %s does not exist.", service)
	case from != "" && !slices.Contains(t.cfg.Numbers, from):
		return bad(21606, "The 'From' phone number %s is not a valid message-capable Twilio phone number for this account.", from)
	case body == "" && form.Get("MediaUrl") == "" && form.Get("ContentSid") == "":
		return bad(21602, "Message body is required.")
	case len([]rune(body)) > 1600:
		return bad(21617, "The concatenated message body exceeds the 1600 character limit.")
	case callbackURL != "" && !isHTTP(callbackURL):
		return bad(21609, "The 'StatusCallback' URL %s is not a valid URL.", callbackURL)
	}
	if from == "" && len(t.cfg.Numbers) > 0 {
		from = t.cfg.Numbers[0]
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	m := TwilioMessage{From: from, To: to, Body: body, ServiceSID: service, Direction: "outbound-api", Status: "queued", StatusCallback: callbackURL}
	out := t.outcomes[to]
	if t.optedOut[pair{from, to}] {
		if service == "" {
			return bad(21610, "Attempt to send to unsubscribed recipient")
		}
		out = Outcome{Status: "failed", Code: 21610} // a service takes the message and reports later
	}
	if service != "" {
		m.Status = "accepted"
	}
	kept := t.keep(m)
	t.schedule(kept, out)
	return *kept, nil
}

func isHTTP(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// resource is the message as the API shows it (schema api.v2010.account.message).
func (t *Twilio) resource(m TwilioMessage) map[string]any {
	path := "/2010-04-01/Accounts/" + t.cfg.AccountSID + "/Messages/" + m.SID
	nullable := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	var code any
	if m.ErrorCode != 0 {
		code = m.ErrorCode
	}
	stamp := m.At.Format(time.RFC1123Z)
	return map[string]any{
		"account_sid": t.cfg.AccountSID, "api_version": "2010-04-01", "body": m.Body, "sid": m.SID, "status": m.Status,
		"from": nullable(m.From), "to": m.To, "messaging_service_sid": nullable(m.ServiceSID), "direction": m.Direction,
		"date_created": stamp, "date_updated": stamp, "date_sent": stamp,
		"error_code": code, "error_message": nil, "num_media": "0", "num_segments": "1", "price": nil, "price_unit": "EUR",
		"uri": path + ".json", "subresource_uris": map[string]any{"media": path + "/Media.json"},
	}
}

func (t *Twilio) fetch(w http.ResponseWriter, r *http.Request) {
	sid, _ := strings.CutSuffix(r.PathValue("sid"), ".json")
	t.mu.Lock()
	m := t.find(sid)
	var found TwilioMessage
	if m != nil {
		found = *m
	}
	t.mu.Unlock()
	if m == nil || r.PathValue("account") != t.cfg.AccountSID {
		refuse(w, http.StatusNotFound, 20404, "The requested resource "+r.URL.Path+" was not found")
		return
	}
	writeJSON(w, http.StatusOK, t.resource(found))
}

func refuse(w http.ResponseWriter, status, code int, message string) {
	writeJSON(w, status, map[string]any{
		"code": code, "message": message, "more_info": fmt.Sprintf("https://www.twilio.com/docs/errors/%d", code), "status": status,
	})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
