package inbox_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/customer"
	"sportello/inbox/db"
	"sportello/inbox/inboxtest"
	"sportello/inbox/journal"
)

func TestMain(m *testing.M) { inboxtest.Main(m) }

const (
	visitor = "00112233445566778899aabbccddeeff"
	marco   = inbox.AgentID("marco")
	giulia  = inbox.AgentID("giulia")
)

// house is a ledger with everything around it and a clock that the test holds.
type house struct {
	*testing.T
	d      *db.DB
	j      *journal.Journal
	book   *customer.Book
	cfg    inbox.Config
	ledger *inbox.Ledger
	outbox *inbox.Outbox
	mu     sync.Mutex
	at     time.Time
	count  atomic.Int64
}

// houses runs a test in a new house on each database.
func houses(t *testing.T, test func(h *house)) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) { test(build(t, d)) })
}

func build(t *testing.T, d *db.DB) *house {
	h := &house{T: t, d: d, j: journal.New(d), at: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}
	h.book = customer.NewBook(d, h.j, h.now)
	h.cfg = inbox.Config{
		Accounts: []inbox.Account{
			{ID: "mail", Kind: channels.Email, Address: "support@shop.example", Name: "Shop", Domain: "shop.example"},
			{ID: "text", Kind: channels.SMS, Address: "+390212345678", Name: "Shop"},
			{ID: "site", Kind: channels.Chat, Name: "Shop"},
			{ID: "mail2", Kind: channels.Email, Address: "sales@shop.example", Name: "Sales", Domain: "shop.example"},
		},
		TokenKey: []byte("0123456789abcdef0123456789abcdef"), SubjectTag: true,
	}
	h.open()
	return h
}

// open makes the ledger anew, with cfg as it is.
func (h *house) open() {
	h.ledger = inbox.NewLedger(h.d, h.j, h.book, h.cfg, h.now)
	h.outbox = inbox.NewOutbox(h.d, h.j, h.ledger, h.now)
}

func (h *house) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

func (h *house) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(d)
}

func (h *house) ok(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// mail, text and chat are messages of Anna, each with an id of its own.
func (h *house) mail(text string) channels.Inbound {
	n := h.count.Add(1)
	return channels.Inbound{
		Account: "mail", Kind: channels.Email, External: fmt.Sprintf("m%d", n), Proof: channels.ProofProvider,
		From: channels.Address{Kind: channels.Email, Value: "anna@example.it", Name: "Anna"},
		To:   []channels.Address{{Kind: channels.Email, Value: "support@shop.example"}}, Subject: "Order 17", Text: text,
		Thread: channels.Thread{MessageID: fmt.Sprintf("m%d@example.it", n)},
	}
}

func (h *house) text(text string) channels.Inbound {
	return channels.Inbound{
		Account: "text", Kind: channels.SMS, External: fmt.Sprintf("SM%d", h.count.Add(1)), Proof: channels.ProofProvider,
		From: channels.Address{Kind: channels.SMS, Value: "+393331234567"}, Text: text,
	}
}

func (h *house) chat(text string) channels.Inbound {
	return channels.Inbound{
		Account: "site", Kind: channels.Chat, External: fmt.Sprintf("%s:c%d", visitor, h.count.Add(1)), Proof: channels.ProofProvider,
		From: channels.Address{Kind: channels.Chat, Value: visitor, Name: "Anna"}, Text: text,
	}
}

func (h *house) accept(in channels.Inbound) channels.Accepted {
	h.Helper()
	a, err := h.ledger.Accept(h.Context(), in)
	h.ok(err)
	return a
}

func (h *house) conversation(id string) inbox.Conversation {
	h.Helper()
	v, err := h.ledger.Conversation(h.Context(), inbox.ConversationID(id))
	h.ok(err)
	return v
}

func (h *house) messages(id string) []inbox.Message {
	h.Helper()
	all, err := h.ledger.Messages(h.Context(), inbox.ConversationID(id), 0, 100)
	h.ok(err)
	return all
}

// changes are the events of a conversation; its numbers must have no gap and each must carry the conversation at that number.
func (h *house) changes(id string) (types []journal.Type, all []inbox.Change) {
	h.Helper()
	events, err := h.j.Stream(h.Context(), journal.ConversationStream(id), 0, 1000)
	h.ok(err)
	for n, e := range events {
		var ch inbox.Change
		h.ok(json.Unmarshal(e.Data, &ch))
		if e.Seq != int64(n+1) || ch.Conversation.LastSeq != e.Seq || string(ch.Conversation.ID) != id || e.Customer != string(ch.Conversation.Customer) {
			h.Fatalf("event %d: %+v %+v", n, e, ch)
		}
		types, all = append(types, e.Type), append(all, ch)
	}
	return types, all
}

// last is the newest event of a conversation.
func (h *house) last(id string) (journal.Type, inbox.Change) {
	h.Helper()
	types, all := h.changes(id)
	return types[len(types)-1], all[len(all)-1]
}

func (h *house) assign(id string, agent inbox.AgentID) {
	h.Helper()
	_, err := h.ledger.Assign(h.Context(), inbox.AssignCmd{Conversation: inbox.ConversationID(id), Agent: agent})
	h.ok(err)
}

// answer is a reply of Marco on the channel and address of a message; what it leaves out is filled in.
func (h *house) answer(id string, in channels.Inbound, cmd inbox.ReplyCmd) (inbox.Message, error) {
	cmd.Conversation, cmd.Agent, cmd.AgentName = inbox.ConversationID(id), cmp.Or(cmd.Agent, marco), cmp.Or(cmd.AgentName, "Marco")
	cmd.ClientID = cmp.Or(cmd.ClientID, fmt.Sprintf("client%d", h.count.Add(1)))
	cmd.Kind, cmd.Account, cmd.Address = cmp.Or(cmd.Kind, in.Kind), cmp.Or(cmd.Account, in.Account), cmp.Or(cmd.Address, in.From.Value)
	cmd.Text = cmp.Or(cmd.Text, "Buongiorno")
	return h.ledger.Reply(h.Context(), cmd)
}

func (h *house) mustAnswer(id string, in channels.Inbound) inbox.Message {
	h.Helper()
	m, err := h.answer(id, in, inbox.ReplyCmd{SeenSeq: 1 << 30})
	h.ok(err)
	return m
}

// begun is a conversation that Marco has, and the message it began with.
func (h *house) begun(in channels.Inbound) (string, channels.Inbound) {
	h.Helper()
	a := h.accept(in)
	h.assign(a.Conversation, marco)
	return a.Conversation, in
}

// leased leases everything that is due.
func (h *house) leased() []inbox.Row {
	h.Helper()
	rows, err := h.outbox.Lease(h.Context(), "node1", 100, time.Minute)
	h.ok(err)
	return rows
}

// begin leases the one row that is due and begins its attempt.
func (h *house) begin() inbox.Row {
	h.Helper()
	rows := h.leased()
	if len(rows) != 1 {
		h.Fatalf("%d rows are due, want 1", len(rows))
	}
	row, err := h.outbox.Begin(h.Context(), rows[0])
	h.ok(err)
	return row
}

func (h *house) message(id inbox.MessageID) inbox.Message {
	h.Helper()
	m, err := h.ledger.Message(h.Context(), id)
	h.ok(err)
	return m
}

func (h *house) row(id string) inbox.Row {
	h.Helper()
	r, err := h.outbox.Row(h.Context(), id)
	h.ok(err)
	return r
}
