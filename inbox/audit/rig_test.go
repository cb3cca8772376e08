package audit_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/audit"
	"sportello/inbox/customer"
	"sportello/inbox/db"
	"sportello/inbox/inboxtest"
	"sportello/inbox/journal"
)

func TestMain(m *testing.M) { inboxtest.Main(m) }

var begin = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

const marco = inbox.AgentID("marco")

// house is a record with everything that changes it, and a clock that the test holds.
type house struct {
	*testing.T
	d       *db.DB
	j       *journal.Journal
	ledger  *inbox.Ledger
	outbox  *inbox.Outbox
	auditor *audit.Auditor
	rand    *rand.Rand
	mu      sync.Mutex
	at      time.Time
	n       int
	taken   []channels.Inbound
	ids     []string // conversations
}

func houses(t *testing.T, test func(h *house)) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) { test(build(t, d)) })
}

func build(t *testing.T, d *db.DB) *house {
	h := &house{T: t, d: d, j: journal.New(d), at: begin, rand: rand.New(rand.NewPCG(1, 2))}
	book := customer.NewBook(d, h.j, h.now)
	h.ledger = inbox.NewLedger(d, h.j, book, inbox.Config{
		Accounts: []inbox.Account{
			{ID: "mail", Kind: channels.Email, Address: "support@shop.example", Name: "Shop", Domain: "shop.example"},
			{ID: "text", Kind: channels.SMS, Address: "+390212345678", Name: "Shop"},
			{ID: "site", Kind: channels.Chat, Name: "Shop"},
		},
		TokenKey: []byte("0123456789abcdef0123456789abcdef"),
	}, h.now)
	h.outbox = inbox.NewOutbox(d, h.j, h.ledger, h.now)
	h.auditor = audit.New(d, h.now)
	return h
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

func (h *house) exec(query string, args ...any) {
	h.Helper()
	r, err := h.d.ExecContext(h.Context(), query, args...)
	h.ok(err)
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		h.Fatalf("%s: no row, %v", query, err)
	}
}

func (h *house) text(query string, args ...any) (s string) {
	h.Helper()
	h.ok(h.d.QueryRowContext(h.Context(), query, args...).Scan(&s))
	return s
}

// inbound is a new message of one of a few people on one of the channels.
func (h *house) inbound(kind channels.Kind) channels.Inbound {
	h.n++
	who := h.rand.IntN(4)
	in := channels.Inbound{Kind: kind, External: fmt.Sprintf("x%d", h.n), Proof: channels.ProofProvider, Text: fmt.Sprintf("Domanda %d\nGrazie", h.n)}
	switch kind {
	case channels.Email:
		in.Account, in.From = "mail", channels.Address{Kind: kind, Value: fmt.Sprintf("p%d@example.it", who), Name: "Anna"}
		in.To = []channels.Address{{Kind: kind, Value: "support@shop.example"}}
		in.Subject, in.HTML, in.SentAt = "Ordine", "<p>Domanda</p>", h.at.Add(-time.Minute)
		in.Thread.MessageID = fmt.Sprintf("x%d@example.it", h.n)
		in.Parts = []channels.Part{{Name: "a.pdf", Type: "application/pdf", Size: 3, Blob: "ab"}}
	case channels.SMS:
		in.Account, in.From = "text", channels.Address{Kind: kind, Value: fmt.Sprintf("+39333123456%d", who)}
	case channels.Chat:
		in.Account, in.From = "site", channels.Address{Kind: kind, Value: fmt.Sprintf("%032x", who), Name: "Anna"}
		in.External = in.From.Value + ":" + in.External
		in.Claims = []channels.Claim{{Address: channels.Address{Kind: channels.Email, Value: fmt.Sprintf("p%d@example.it", who)}, Proof: channels.ProofDeclared}}
	}
	return in
}

func (h *house) accept(in channels.Inbound) string {
	h.Helper()
	a, err := h.ledger.Accept(h.Context(), in)
	h.ok(err)
	h.taken = append(h.taken, in)
	if !slices.Contains(h.ids, a.Conversation) {
		h.ids = append(h.ids, a.Conversation)
	}
	return a.Conversation
}

func (h *house) reply(id string, in channels.Inbound) (inbox.Message, error) {
	h.n++
	return h.ledger.Reply(h.Context(), inbox.ReplyCmd{
		Conversation: inbox.ConversationID(id), Agent: marco, AgentName: "Marco", ClientID: fmt.Sprintf("c%d", h.n), SeenSeq: 1 << 30,
		Text: "Buongiorno", HTML: "<p>Buongiorno</p>", Kind: in.Kind, Account: in.Account, Address: in.From.Value, AsManager: true, Force: true,
	})
}

// begun leases what is due and begins every attempt.
func (h *house) begun() (rows []inbox.Row) {
	h.Helper()
	leased, err := h.outbox.Lease(h.Context(), "node", 10, time.Minute)
	h.ok(err)
	for _, row := range leased {
		row, err := h.outbox.Begin(h.Context(), row)
		h.ok(err)
		rows = append(rows, row)
	}
	return rows
}

// relay takes everything off the journal's list, as the relay does.
func (h *house) relay() {
	h.Helper()
	for {
		events, err := h.j.Pending(h.Context(), 500)
		h.ok(err)
		if len(events) == 0 {
			return
		}
		var done []journal.Position
		for _, e := range events {
			done = append(done, journal.Position{Stream: e.Stream, Seq: e.Seq})
		}
		h.ok(h.j.Relayed(h.Context(), done))
	}
}

// traffic is some of everything: three channels, replies in every state, notes, and customers that turn out to be one.
func (h *house) traffic() {
	h.Helper()
	for n, kind := range []channels.Kind{channels.Email, channels.SMS, channels.Chat, channels.Email, channels.SMS} {
		in := h.inbound(kind)
		id := h.accept(in)
		h.accept(in) // again
		_, err := h.ledger.Note(h.Context(), inbox.NoteCmd{Conversation: inbox.ConversationID(id), Agent: marco, ClientID: fmt.Sprintf("n%d", n), Text: "nota"})
		h.ok(err)
		_, err = h.reply(id, in)
		h.ok(err)
		h.pass(time.Second)
	}
	rows := h.begun()
	h.ok(h.outbox.Sent(h.Context(), rows[0], channels.Sent{External: "SM1"}))
	h.ok(h.outbox.Failed(h.Context(), rows[1], &channels.Fault{Class: channels.Permanent, Code: channels.CodeBadAddress}, time.Time{}))
	if len(rows) > 2 {
		h.ok(h.ledger.Settle(h.Context(), channels.Receipt{Account: rows[2].Account, Kind: rows[2].Kind, OutboxID: rows[2].ID, State: channels.StateDelivered}))
	}
	h.relay()
	h.pass(time.Hour)
}

func (h *house) query() audit.Query {
	return audit.Query{From: begin.Add(-24 * time.Hour), Until: h.now().Add(time.Hour), Zone: time.UTC, Grace: time.Minute}
}

func (h *house) audit(q audit.Query) *audit.Sheet {
	h.Helper()
	s, err := h.auditor.Audit(h.Context(), q)
	h.ok(err)
	return s
}

// named audits and wants a finding of that code with those words in it, or in one of its names.
func (h *house) named(code audit.Code, name string) audit.Finding {
	h.Helper()
	s := h.audit(h.query())
	for _, f := range s.Findings {
		if f.Code == code && strings.Contains(fmt.Sprintf("%+v", f), name) {
			if s.Balanced() {
				h.Error("the sheet balances all the same")
			}
			return f
		}
	}
	h.Fatalf("no finding %s of %s among %+v", code, name, s.Findings)
	return audit.Finding{}
}

// fine wants a sheet that balances.
func (h *house) fine(q audit.Query) *audit.Sheet {
	h.Helper()
	s := h.audit(q)
	if !s.Balanced() {
		for _, f := range s.Findings {
			h.Errorf("%s %s %d: %s", f.Code, f.Stream, f.Seq, f.Detail)
		}
		h.Fatalf("it does not balance: %+v", s.Lines)
	}
	return s
}

// listed is a provider that has what it is said to have.
type listed []channels.Listed

func (l listed) List(_ context.Context, from, until time.Time, _ channels.Known) ([]channels.Listed, error) {
	return slices.DeleteFunc(slices.Clone(l), func(m channels.Listed) bool { return m.At.Before(from) || !m.At.Before(until) }), nil
}
