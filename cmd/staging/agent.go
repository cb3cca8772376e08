package staging

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"sportello/agentui/wire"
	"sportello/channels/pause"
	"sportello/inbox"
	"sportello/inbox/journal"
	"sportello/inbox/live"
	"sportello/router/hub"
)

const (
	agentSilence = 12 * time.Second // without a word from the gateway an agent's console connects anew
	commandTime  = 10 * time.Second
)

// closeOneOf is after how many replies an agent ends a conversation, about.
const closeOneOf = 6

// agent is somebody at a console: he takes what he is offered, reads what is shown, answers some, and ends a conversation
// now and then. The customer, who writes on, opens it again.
type agent struct {
	base, email string
	book        *book
	http        *http.Client
	csrf        string
	id          inbox.AgentID
	answers     int // one message of so many

	at    live.Position // of the feed; the zero value asks for the work anew
	offer string        // what he looks at, "" for none
	work  chan func()   // what the screen does, one after the other
	jobs  chan job      // replies to be written, one after the other

	mu      sync.Mutex
	screens map[inbox.ConversationID]*screen
}

// screen is an open conversation on a console: the positions of its messages in the order in which they are shown.
type screen struct {
	seqs   []int64
	loaded int64 // the last that came with the thread; news up to it is known
}

func (s *screen) last() int64 {
	if len(s.seqs) == 0 {
		return 0
	}
	return s.seqs[len(s.seqs)-1]
}

type job struct {
	conversation inbox.ConversationID
	text         string
	client       string
}

func newAgent(base, email string, answers int, b *book) (*agent, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	return &agent{
		base: base, email: email, book: b, answers: answers, work: make(chan func(), 1<<14), jobs: make(chan job, 1<<12),
		http:    &http.Client{Jar: jar, Timeout: commandTime, Transport: &http.Transport{MaxIdleConnsPerHost: 4}},
		screens: map[inbox.ConversationID]*screen{},
	}, nil
}

// signIn begins the agent's day.
func (a *agent) signIn(ctx context.Context) error {
	var me wire.Me
	if err := a.do(ctx, http.MethodPost, "/api/session", wire.SignIn{Email: a.email, Password: password}, &me); err != nil {
		return fmt.Errorf("%s: %w", a.email, err)
	}
	a.id, a.csrf = me.Agent, me.CSRF
	return nil
}

// run keeps the console open until ctx ends.
func (a *agent) run(ctx context.Context) {
	var helpers sync.WaitGroup
	defer helpers.Wait()
	helpers.Go(func() { each(ctx, a.work, func(do func()) { do() }) })
	helpers.Go(func() { each(ctx, a.jobs, func(j job) { a.reply(ctx, j) }) })
	for wait := 100 * time.Millisecond; ctx.Err() == nil; wait = min(2*wait, 2*time.Second) {
		if a.follow(ctx) {
			wait = 100 * time.Millisecond
		}
		pause.For(ctx, wait/2+rand.N(wait))
	}
}

// each does with what comes until ctx ends.
func each[T any](ctx context.Context, from chan T, do func(T)) {
	for {
		select {
		case <-ctx.Done():
			return
		case v := <-from:
			do(v)
		}
	}
}

// refusal is an answer that is not 2xx.
type refusal struct {
	status int
	body   string
}

func (r *refusal) Error() string { return fmt.Sprintf("answered %d: %s", r.status, r.body) }

// do sends one request of the staff API.
func (a *agent) do(ctx context.Context, method, path string, body, into any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, a.base+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-CSRF-Token", a.csrf)
	res, err := a.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	answer, err := io.ReadAll(io.LimitReader(res.Body, 8<<20))
	if err != nil {
		return err
	}
	if res.StatusCode/100 != 2 {
		return &refusal{res.StatusCode, strings.TrimSpace(string(answer))}
	}
	if into == nil || len(answer) == 0 {
		return nil
	}
	return json.Unmarshal(answer, into)
}

// insist does it again under the same id until there is an answer of a gateway that works. A refusal is an answer.
func (a *agent) insist(ctx context.Context, method, path string, body, into any) error {
	for {
		err := a.do(ctx, method, path, body, into)
		var no *refusal
		if err == nil || errors.As(err, &no) && no.status < 500 && no.status != http.StatusTooManyRequests {
			return err
		}
		if !pause.For(ctx, 200*time.Millisecond+rand.N(300*time.Millisecond)) {
			return err
		}
	}
}

// begin loads the work anew.
func (a *agent) begin(ctx context.Context) error {
	var work wire.Work
	if err := a.do(ctx, http.MethodGet, "/api/work", nil, &work); err != nil {
		return err
	}
	a.at, a.offer = work.Position, ""
	a.later(func() {
		a.mu.Lock()
		clear(a.screens)
		a.mu.Unlock()
		for _, c := range work.Mine {
			a.load(ctx, c.ID)
		}
	})
	if work.Offer != nil {
		a.offered(ctx, *work.Offer)
	}
	return a.do(ctx, http.MethodPut, "/api/me/presence", wire.SetPresence{Presence: live.Available}, nil)
}

func (a *agent) later(do func()) { a.work <- do }

// follow is one connection. It reports whether the feed was followed.
func (a *agent) follow(ctx context.Context) (was bool) {
	if a.at == (live.Position{}) && a.begin(ctx) != nil {
		a.at = live.Position{}
		return false
	}
	dialer := websocket.Dialer{Jar: a.http.Jar, HandshakeTimeout: 5 * time.Second}
	conn, res, err := dialer.DialContext(ctx, "ws"+a.base[len("http"):]+"/api/socket", nil)
	if res != nil && res.Body != nil {
		_ = res.Body.Close()
	}
	if err != nil {
		return false
	}
	defer conn.Close() //nolint:errcheck // it is over
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	hello := hub.Hello{T: hub.FrameHello, Epoch: a.at.Epoch, Offset: a.at.Offset, Tab: uuid.NewString()}
	if conn.WriteJSON(hello) != nil {
		return false
	}
	for {
		var f struct {
			T      string     `json:"t"`
			Offset int64      `json:"offset"`
			Reset  bool       `json:"reset"`
			Entry  live.Entry `json:"entry"`
		}
		if conn.SetReadDeadline(time.Now().Add(agentSilence)) != nil || conn.ReadJSON(&f) != nil {
			return was
		}
		switch f.T {
		case hub.FrameWelcome:
			if f.Reset {
				a.at = live.Position{}
				return true
			}
			was = true
		case hub.FrameEntry:
			a.entry(ctx, f.Entry)
		case hub.FramePing:
			if conn.WriteJSON(hub.Ack{T: hub.FrameAck, Offset: a.at.Offset}) != nil {
				return was
			}
		}
	}
}

// entry takes news.
func (a *agent) entry(ctx context.Context, e live.Entry) {
	if e.Epoch != a.at.Epoch || e.Offset <= a.at.Offset {
		a.book.fault("%s is shown entry %s/%d after %s/%d", a.email, e.Epoch, e.Offset, a.at.Epoch, a.at.Offset)
	}
	a.at = e.Position
	switch {
	case e.Type == live.EntryOffer && e.Agent == a.id:
		var offer live.Offer
		if json.Unmarshal(e.Event, &offer) == nil {
			a.offered(ctx, offer)
		}
	case e.Type == live.EntryOfferEnd && e.Agent == a.id:
		var end live.OfferEnd
		if json.Unmarshal(e.Event, &end) == nil && end.Offer == a.offer {
			a.offer = ""
		}
	case e.Type == live.EntryAgent && e.Agent == a.id:
		var state live.AgentState
		if json.Unmarshal(e.Event, &state) == nil && state.ID == a.id && state.Presence != live.Available {
			go a.insist(ctx, http.MethodPut, "/api/me/presence", wire.SetPresence{Presence: live.Available}, nil) //nolint:errcheck // he tries again at the next sign
		}
	case e.Conversation != "" && strings.Contains(e.Type, "."):
		var event journal.Event
		var change inbox.Change
		if json.Unmarshal(e.Event, &event) == nil && len(event.Data) > 0 && json.Unmarshal(event.Data, &change) == nil {
			a.later(func() { a.change(ctx, e.Conversation, event, change) })
		}
	}
}

// offered takes an offer. Nobody is made two at once.
func (a *agent) offered(ctx context.Context, o live.Offer) {
	if a.offer != "" && a.offer != o.ID {
		a.book.fault("%s is made offer %s while he looks at %s", a.email, o.ID, a.offer)
	}
	a.offer = o.ID
	go a.insist(ctx, http.MethodPost, "/api/offers/"+o.ID+"/accept", wire.Command{ClientID: uuid.NewString()}, nil) //nolint:errcheck // an offer that is gone is made anew
}

// change shows an event of a conversation.
func (a *agent) change(ctx context.Context, id inbox.ConversationID, event journal.Event, change inbox.Change) {
	mine := change.Conversation.Assignee == a.id
	a.mu.Lock()
	s := a.screens[id]
	switch {
	case !mine:
		delete(a.screens, id)
	case s != nil && change.Message != nil && event.Seq > s.loaded:
		if event.Seq <= s.last() {
			a.book.fault("%s is shown message %d of %s after %d", a.email, event.Seq, id, s.last())
		}
		s.seqs = append(s.seqs, event.Seq)
		a.book.saw(id, event.Seq)
		a.want(*change.Message)
	}
	a.mu.Unlock()
	if mine && s == nil {
		a.load(ctx, id)
	}
}

// load opens a conversation.
func (a *agent) load(ctx context.Context, id inbox.ConversationID) {
	s := &screen{}
	var all []inbox.Message
	for path := "/api/conversations/" + string(id) + "/messages"; ; {
		var page []inbox.Message
		if a.insist(ctx, http.MethodGet, path, nil, &page) != nil {
			return // it is his no more, which an entry will say
		}
		all = append(page, all...)
		if len(page) == 0 {
			break
		}
		path = fmt.Sprintf("/api/conversations/%s/messages?before=%d", id, page[0].Seq)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, m := range all {
		s.seqs = append(s.seqs, m.Seq)
		a.book.saw(id, m.Seq)
		a.want(m)
	}
	s.loaded = s.last()
	a.screens[id] = s
}

// want answers a message if it is one to be answered. The caller holds mu.
func (a *agent) want(m inbox.Message) {
	if m.Direction != inbox.In || m.Seq%int64(a.answers) != 0 {
		return
	}
	j := job{conversation: m.Conversation, text: "To " + string(m.ID) + ".", client: uuid.NewSHA1(uuid.NameSpaceOID, []byte(m.ID)).String()}
	if !a.book.answer(j.text, j.conversation) {
		return // somebody answers it, or has
	}
	select {
	case a.jobs <- j:
	default: // more than anybody could answer
		a.book.answered(j.text, false)
	}
}

func (a *agent) reply(ctx context.Context, j job) {
	var got wire.ReplyResult
	err := a.insist(ctx, http.MethodPost, "/api/conversations/"+string(j.conversation)+"/reply", wire.Reply{ClientID: j.client, Text: j.text, Force: true}, &got)
	if err != nil && ctx.Err() != nil {
		return // the run is over and nobody knows
	}
	a.book.answered(j.text, err == nil && got.Done != nil)
	if seqs, open := a.shows(j.conversation); open && len(seqs) > 0 && rand.N(closeOneOf) == 0 {
		body := wire.Close{ClientID: uuid.NewString(), Disposition: "resolved", SeenSeq: seqs[len(seqs)-1]}
		if a.insist(ctx, http.MethodPost, "/api/conversations/"+string(j.conversation)+"/close", body, nil) == nil {
			a.book.ended()
		}
	}
}

// shows is what is on the screen of a conversation; false when it is not open.
func (a *agent) shows(id inbox.ConversationID) ([]int64, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.screens[id]
	if s == nil {
		return nil, false
	}
	return slices.Clone(s.seqs), true
}
