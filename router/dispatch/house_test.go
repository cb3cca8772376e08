package dispatch

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/customer"
	"sportello/inbox/db"
	"sportello/inbox/inboxtest"
	"sportello/inbox/journal"
	"sportello/inbox/live"
)

func TestMain(m *testing.M) { inboxtest.Main(m) }

// provider is one account's outside: it takes what it is sent, unless answer says otherwise.
type provider struct {
	mu     sync.Mutex
	answer func(ctx context.Context, out channels.Outbound) error // nil takes everything
	each   func(to string) *channels.Fault                        // of a mail: nil takes it for everybody
	calls  []channels.Outbound                                    // every attempt
	taken  []channels.Outbound
}

func (p *provider) Send(ctx context.Context, out channels.Outbound) (channels.Sent, error) {
	p.mu.Lock()
	answer := p.answer
	p.calls = append(p.calls, out)
	p.mu.Unlock()
	if answer != nil {
		if err := answer(ctx, out); err != nil {
			return channels.Sent{}, err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken = append(p.taken, out)
	sent := channels.Sent{External: "x-" + out.ID, State: channels.StateSent}
	for _, to := range out.Pending() {
		if p.each == nil {
			break
		}
		if f := p.each(to); f != nil {
			sent.Failed = append(sent.Failed, channels.NotSent{Recipient: to, Fault: f})
		}
	}
	return sent, nil
}

func (p *provider) set(answer func(ctx context.Context, out channels.Outbound) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = answer
}

func (p *provider) count() (calls, taken int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.calls), len(p.taken)
}

func (p *provider) texts() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, o := range p.taken {
		out = append(out, o.Text)
	}
	return out
}

// house is a record with an outbox, the live inbox that knows the visitors, and three providers.
type house struct {
	*testing.T
	clock           *inboxtest.Clock
	ctx             context.Context
	db              *db.DB
	ledger          *inbox.Ledger
	book            *customer.Book
	outbox          *inbox.Outbox
	live            *live.Inbox
	chat, mail, sms *provider
	find            findFunc // nil: the provider of texts cannot be asked
	stopRedis       func()
}

type findFunc func(out channels.Outbound, since time.Time, known func(string) bool) (channels.Receipt, bool, error)

// finding is a provider that can be asked what became of a message.
type finding struct {
	*provider
	find findFunc
}

func (f finding) Find(_ context.Context, out channels.Outbound, since time.Time, known func(string) bool) (channels.Receipt, bool, error) {
	return f.find(out, since, known)
}

func houses(t *testing.T, test func(t *testing.T, h *house)) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		ignore := goleak.IgnoreCurrent()
		h := &house{T: t, clock: &inboxtest.Clock{}, db: d, chat: &provider{}, mail: &provider{}, sms: &provider{}}
		addr, stop, err := live.Embedded(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		h.stopRedis = sync.OnceFunc(stop)
		if h.live, err = live.Open(t.Context(), live.Options{Addrs: []string{addr}, Now: h.clock.Now}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		h.ctx = ctx
		t.Cleanup(func() { cancel(); h.live.Close(); h.stopRedis(); d.Close(); goleak.VerifyNone(t, ignore) })
		j := journal.New(d)
		h.book = customer.NewBook(d, j, h.clock.Now)
		h.ledger = inbox.NewLedger(d, j, h.book, inbox.Config{TokenKey: make([]byte, 32), Accounts: []inbox.Account{
			{ID: "sito", Kind: channels.Chat}, {ID: "posta", Kind: channels.Email, Address: "aiuto@ditta.example", Domain: "ditta.example"},
			{ID: "numero", Kind: channels.SMS, Address: "+390612345678"}}}, h.clock.Now)
		h.outbox = inbox.NewOutbox(d, j, h.ledger, h.clock.Now)
		test(t, h)
	})
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// dispatch starts a dispatcher; it stops with the test, or when stop is called.
func (h *house) dispatch(node string) (stop func()) { return h.dispatchWith(Config{Node: node}) }

func (h *house) dispatchWith(cfg Config) (stop func()) {
	senders := map[channels.AccountID]channels.Sender{"sito": h.chat, "posta": h.mail, "numero": h.sms}
	if h.find != nil {
		senders["numero"] = finding{h.sms, h.find}
	}
	d := New(h.outbox, h.ledger, h.live, senders, cfg, h.clock.Now, quiet())
	return inboxtest.Background(h, d.Run)
}

// person is a customer with a conversation that anna has.
type person struct {
	conversation inbox.ConversationID
	address      map[channels.Kind]string
	account      map[channels.Kind]channels.AccountID
	customer     customer.ID
}

// writes is a new customer's first message; also are other addresses that he has proved.
func (h *house) writes(kind channels.Kind, also ...channels.Kind) person {
	h.Helper()
	p := person{account: map[channels.Kind]channels.AccountID{channels.Chat: "sito", channels.Email: "posta", channels.SMS: "numero"},
		address: map[channels.Kind]string{channels.Chat: fmt.Sprintf("%032x", uuid.New().ID()), channels.Email: uuid.NewString() + "@example.it",
			channels.SMS: fmt.Sprintf("+39333%07d", uuid.New().ID()%10_000_000)}}
	in := channels.Inbound{Account: p.account[kind], Kind: kind, External: uuid.NewString(), Proof: channels.ProofVerified, Text: "Buongiorno",
		From: channels.Address{Kind: kind, Value: p.address[kind]}, ReceivedAt: h.clock.Now()}
	for _, k := range also {
		in.Claims = append(in.Claims, channels.Claim{Address: channels.Address{Kind: k, Value: p.address[k]}, Proof: channels.ProofVerified})
	}
	done, err := h.ledger.Accept(h.ctx, in)
	if err != nil {
		h.Fatal(err)
	}
	p.conversation = inbox.ConversationID(done.Conversation)
	c, err := h.ledger.Assign(h.ctx, inbox.AssignCmd{Conversation: p.conversation, Agent: "anna"})
	if err != nil {
		h.Fatal(err)
	}
	p.customer = c.Customer
	if kind == channels.Chat {
		h.here(p)
	}
	return p
}

func (h *house) here(p person) {
	h.Helper()
	if err := h.live.Visitors().Here(h.ctx, "sito", p.address[channels.Chat], 24*time.Hour); err != nil {
		h.Fatal(err)
	}
}

func (h *house) leaves(p person) {
	h.Helper()
	if err := h.live.Visitors().Gone(h.ctx, "sito", p.address[channels.Chat]); err != nil {
		h.Fatal(err)
	}
}

// answers is anna's reply by a channel.
func (h *house) answers(p person, kind channels.Kind, pinned bool, text string) inbox.MessageID {
	h.Helper()
	m, err := h.ledger.Reply(h.ctx, inbox.ReplyCmd{Conversation: p.conversation, Agent: "anna", AgentName: "Anna", ClientID: uuid.NewString(),
		Text: text, Kind: kind, Account: p.account[kind], Address: p.address[kind], Pinned: pinned, Force: true})
	if err != nil {
		h.Fatal(err)
	}
	return m.ID
}

// stops is the customer's STOP for a channel.
func (h *house) stops(p person, kind channels.Kind) {
	h.Helper()
	err := h.db.Tx(h.ctx, func(tx *sql.Tx) error {
		return h.book.Consent(h.ctx, tx, p.customer, customer.Consent{Kind: kind, Source: "message", Wording: "STOP", Actor: "customer", At: h.clock.Now()})
	})
	if err != nil {
		h.Fatal(err)
	}
}

func (h *house) message(id inbox.MessageID) inbox.Message {
	h.Helper()
	m, err := h.ledger.Message(h.ctx, id)
	if err != nil {
		h.Fatal(err)
	}
	return m
}

func (h *house) row(id inbox.MessageID) inbox.Row {
	h.Helper()
	rows, err := h.outbox.Rows(h.ctx, id)
	if err != nil || len(rows) != 1 {
		h.Fatalf("%d rows, %v", len(rows), err)
	}
	return rows[0]
}

func (h *house) untilState(id inbox.MessageID, states ...channels.State) {
	h.Helper()
	inboxtest.Until(h, fmt.Sprintf("message becomes %v", states), func() bool { return slices.Contains(states, h.message(id).State) })
}
