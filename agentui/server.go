// Package agentui is the staff's side of the gateway: the HTTP API of package wire, the console's files, and the pages that a
// website's chat widget is made of.
//
// It is the one place where an error becomes an HTTP status (problem) and where it is decided who may do what (may). It must never
// change the record but through the verbs of the rooms to its left, never put a customer's HTML into a page of its own, and never
// answer a command that carries no proof that our own console sent it. cmd/gateway builds one Server and serves its Handler; it
// starts no goroutines.
package agentui

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sportello/agentui/session"
	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/campaign"
	"sportello/inbox/customer"
	"sportello/inbox/journal"
	"sportello/inbox/live"
	"sportello/router"
	"sportello/router/hub"
	"sportello/router/roster"
)

// Deps is what a Server works with. All but Unsubscriber, Original, Inspect, Retry, Health, Down, ClientIP and Metrics are required.
type Deps struct {
	Ledger   *inbox.Ledger
	Book     *customer.Book
	Journal  *journal.Journal
	Live     *live.Inbox
	Router   *router.Router
	Rules    *router.Rules
	Roster   *roster.Book
	Hub      *hub.Hub
	Sessions *session.Keeper
	Vault    channels.Vault
	Web      fs.FS // the built front end (web.Dist), possibly without files
	Log      *slog.Logger
	Now      func() time.Time

	Unsubscriber *customer.Unsubscriber // nil: links in campaign mail lead nowhere

	Original Original                                                       // nil: nothing is passed on
	Inspect  Inspect                                                        // nil: agents send whatever they attach
	Retry    func(context.Context, channels.AccountID) (ok bool, err error) // has held messages tried again; ok is false for an account that holds none back
	Health   func() []channels.Health                                       // how each account does
	Down     func() map[channels.AccountID]time.Time                        // accounts that cannot send now, and since when
	ClientIP func(*http.Request) string                                     // the browser's address behind trusted proxies; nil takes the connection's
	Metrics  prometheus.Registerer                                          // nil counts for nobody
}

// Inspect looks at a file that an agent attaches, whose bytes are in the vault, and returns it with Check and Threat filled in.
type Inspect func(ctx context.Context, p channels.Part) (channels.Part, error)

// Settings say how a Server behaves.
type Settings struct {
	Public  string          // the origin under which browsers reach us: "https://help.example.it"; "" is whatever they ask for
	Widgets []string        // origins of the websites that may embed the chat widget
	Lists   []campaign.List // mailing lists of the house
	Demo    []inbox.AgentID // in the demo: who is signed in by one click; nil otherwise

	SendUnscanned bool // a file that the scanner could not be asked about is sent all the same
}

// Server answers the staff's requests. It is safe for concurrent use.
type Server struct {
	Deps
	set      Settings
	cross    *http.CrossOriginProtection
	throttle *throttle
	repeats  *repeats
	met      *metrics
	static   *static
}

// NewServer makes a server. The error names a setting that is wrong.
func NewServer(d Deps, set Settings) (*Server, error) {
	if d.Health == nil {
		d.Health = func() []channels.Health { return nil }
	}
	if d.Down == nil {
		d.Down = func() map[channels.AccountID]time.Time { return nil }
	}
	if d.ClientIP == nil {
		d.ClientIP = remote
	}
	cross := http.NewCrossOriginProtection()
	if set.Public != "" {
		if err := cross.AddTrustedOrigin(set.Public); err != nil {
			return nil, err
		}
	}
	files, err := newStatic(d.Web, set.Widgets)
	if err != nil {
		return nil, err
	}
	return &Server{Deps: d, set: set, cross: cross, static: files, met: newMetrics(d.Metrics),
		throttle: newThrottle(d.Live, d.Log, d.Now), repeats: newRepeats(d.Now)}, nil
}

// Handler answers /api/, /w/, /u/ (unsubscribing), and everything else with the console. See package wire for the API.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	open := func(pattern string, do endpoint) { mux.Handle(pattern, s.endpoint(pattern, false, do)) }
	staff := func(pattern string, do endpoint) { mux.Handle(pattern, s.endpoint(pattern, true, do)) }

	open("POST /api/session", s.signIn)
	open("POST /api/session/demo", s.demoSignIn)
	open("GET /api/session/demo", s.demoPeople)
	staff("GET /api/session", s.me)
	staff("DELETE /api/session", s.signOut)
	staff("PUT /api/me/presence", s.setPresence)
	staff("GET /api/work", s.work)
	staff("GET /api/socket", s.socket)
	staff("GET /api/directory", s.directory)
	staff("GET /api/search", s.search)

	staff("GET /api/conversations/{id}", s.thread)
	staff("GET /api/conversations/{id}/messages", s.messages)
	staff("GET /api/conversations/{id}/reach", s.reach)
	staff("POST /api/conversations/{id}/reply", s.reply)
	staff("GET /api/conversations/{id}/envelope", s.envelope)
	staff("POST /api/conversations/{id}/messages/{mid}/cancel", s.cancel)
	staff("POST /api/files", s.upload)
	staff("POST /api/conversations/{id}/note", s.note)
	staff("POST /api/conversations/{id}/take", s.take)
	staff("POST /api/conversations/{id}/transfer", s.transfer)
	staff("POST /api/conversations/{id}/close", s.close)
	staff("POST /api/conversations/{id}/reopen", s.reopen)
	staff("POST /api/conversations/{id}/merge", s.merge)
	staff("POST /api/conversations/{id}/split", s.split)
	staff("POST /api/offers/{id}/accept", s.acceptOffer)
	staff("POST /api/offers/{id}/decline", s.declineOffer)

	staff("GET /api/customers/{id}", s.customer)
	staff("GET /api/customers/{id}/timeline", s.timeline)
	staff("PATCH /api/customers/{id}", s.patchCustomer)
	staff("POST /api/customers/{id}/identities", s.addIdentity)
	staff("POST /api/customers/{id}/identities/{identity}/restore", s.restore)
	staff("PUT /api/customers/{id}/preference", s.setPreference)
	staff("GET /api/customers/{id}/subscriptions", s.subscriptions)
	staff("PUT /api/customers/{id}/subscriptions/{list}", s.subscribe)

	staff("GET /api/messages/{id}/html", s.messageHTML)
	staff("GET /api/messages/{id}/raw", s.messageRaw)
	staff("POST /api/messages/{id}/branch", s.branch)
	staff("GET /api/messages/{id}/parts/{n}", s.messagePart)
	staff("GET /api/messages/{id}/parts.zip", s.messageParts)

	staff("GET /api/rules", s.rules)
	staff("GET /api/rules/versions", s.ruleVersions)
	staff("POST /api/rules/check", s.checkRules)
	staff("POST /api/rules", s.publishRules)
	staff("GET /api/health/channels", s.channelHealth)
	staff("POST /api/health/channels/{account}/retry", s.retryHeld)
	staff("GET /api/deliveries", s.deliveries)
	staff("POST /api/deliveries/release", s.release)

	mux.HandleFunc("/u/{token}", s.unsubscribe)
	open("/api/", func(*call) (any, error) { return nil, errNoRoute })
	mux.Handle("/", s.static)
	return s.outermost(mux)
}

// SameOrigin is the check of hub.Options.Origin: pages of this origin and of the host that was asked may connect. A client that names no
// origin is not a browser, and has the cookie by other means than a foreign page.
func SameOrigin(public string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		origin := r.Header.Get("Origin")
		if origin == "" || public != "" && origin == public {
			return true
		}
		u, err := url.Parse(origin)
		return err == nil && u.Host == r.Host
	}
}
