package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/customer"
	"sportello/inbox/db"
	"sportello/inbox/journal"
	"sportello/router/roster"
)

// Seed fills an empty record: the team, its queues, and customers whose history spans months and channels. It does nothing when
// there are agents already, so that a restarted demo is as it was left. answered is the Message-ID of the reply that never reached its
// customer, "" when there was nothing to do.
func Seed(ctx context.Context, d *db.DB, cfg inbox.Config, now time.Time) (answered string, err error) {
	s := &seeder{ctx: ctx, clock: now, cfg: cfg}
	people := roster.New(d, s.now)
	agents, err := people.Agents(ctx)
	if err != nil {
		return "", fmt.Errorf("seed: %w", err)
	}
	if len(agents) > 0 {
		return "", nil
	}
	for _, q := range []roster.Queue{{ID: Support, Name: "Assistenza"}, {ID: Sales, Name: "Vendite"}, {ID: Billing, Name: "Amministrazione"}} {
		if _, err := people.AddQueue(ctx, q); err != nil && !errors.Is(err, roster.ErrTaken) {
			return "", fmt.Errorf("seed: %w", err)
		}
	}
	j := journal.New(d)
	s.book = customer.NewBook(d, j, s.now)
	cfg.MailHold = 0 // nobody takes back what was said long ago
	cfg.Accounts = slices.Clone(cfg.Accounts)
	for i := range cfg.Accounts {
		cfg.Accounts[i].Ack = nil // nor is it acknowledged today
	}
	s.ledger = inbox.NewLedger(d, j, s.book, cfg, s.now)
	s.outbox = inbox.NewOutbox(d, j, s.ledger, s.now)
	s.history(now)
	if s.err != nil {
		return "", fmt.Errorf("seed: %w", s.err)
	}
	// The team comes last: a seed that was broken off is seen by its absence, and the customers it wrote are found, not doubled.
	for _, a := range team() {
		if _, err := people.Add(ctx, a, Password); err != nil {
			return "", fmt.Errorf("seed: %w", err)
		}
	}
	return s.answered, nil
}

// seeder writes history with the clock set to when it happened. The first error stays in err and ends all that follows.
type seeder struct {
	ctx    context.Context
	clock  time.Time
	cfg    inbox.Config
	book   *customer.Book
	ledger *inbox.Ledger
	outbox *inbox.Outbox
	n      int
	err    error

	answered string // Message-ID of the latest reply by mail
}

func (s *seeder) now() time.Time { return s.clock }

// do runs step unless an earlier one failed.
func (s *seeder) do(step func() error) {
	if s.err == nil {
		s.err = step()
	}
}

// writes lets a customer write, and returns the conversation.
func (s *seeder) writes(p Person, kind channels.Kind, subject, text string) (id inbox.ConversationID) {
	s.do(func() error {
		s.n++
		in := channels.Inbound{
			Kind: kind, External: fmt.Sprintf("seed-%d", s.n), From: channels.Address{Kind: kind, Name: p.Name},
			Subject: subject, Text: text, SentAt: s.clock, ReceivedAt: s.clock, Locale: p.Locale, Proof: channels.ProofProvider,
		}
		switch kind {
		case channels.Email:
			in.Account, in.From.Value = EmailID, p.Email
			in.To = []channels.Address{{Kind: kind, Value: Mailbox}}
			in.Thread.MessageID = fmt.Sprintf("seed-%d@posta.example", s.n)
		case channels.SMS:
			in.Account, in.From.Value, in.From.Name = SMSID, p.Phone, ""
			in.To = []channels.Address{{Kind: kind, Value: Number}}
			if text == "STOP" {
				in.Auto = channels.AutoOptOut
			}
		}
		in.Claims = s.claims(p, kind)
		done, err := s.ledger.Accept(s.ctx, in)
		id = inbox.ConversationID(done.Conversation)
		return err
	})
	return id
}

// claims ties a person's addresses together, as a shop does that knows its customers.
func (s *seeder) claims(p Person, kind channels.Kind) []channels.Claim {
	var all []channels.Claim
	for _, a := range []channels.Address{{Kind: channels.Email, Value: p.Email, Name: p.Name}, {Kind: channels.SMS, Value: p.Phone, Name: p.Name}} {
		if a.Kind != kind && a.Value != "" {
			all = append(all, channels.Claim{Address: a, Proof: channels.ProofVerified})
		}
	}
	return all
}

// taken gives a conversation to an agent, as if he had accepted an offer.
func (s *seeder) taken(id inbox.ConversationID, q inbox.QueueID, agent inbox.AgentID) {
	s.do(func() error {
		_, err := s.ledger.Place(s.ctx, inbox.PlaceCmd{Conversation: id, Queue: q, Priority: 50, Decision: inbox.Decision{Queue: q, Reason: "rule", RuleIndex: 1}})
		return err
	})
	s.do(func() error {
		_, err := s.ledger.Assign(s.ctx, inbox.AssignCmd{Conversation: id, Agent: agent, Decision: inbox.Decision{Queue: q, Agent: agent, Reason: "longest_idle"}})
		return err
	})
}

// answers sends a reply through the outbox, delivered.
func (s *seeder) answers(id inbox.ConversationID, agent inbox.AgentID, name string, kind channels.Kind, text string) {
	s.do(func() error {
		facts, who, err := s.ledger.ReachContext(s.ctx, id)
		if err != nil {
			return err
		}
		s.n++
		v := customer.Reach(customer.Ask{Customer: who, Purpose: customer.Service, Conversation: facts, Accounts: s.ledger.Accounts(facts, who), Want: kind, Pinned: true}, s.clock)
		to, ok := v.Pick()
		if !ok {
			return fmt.Errorf("%s cannot be reached: %s", who.Name, v.Code)
		}
		_, err = s.ledger.Reply(s.ctx, inbox.ReplyCmd{Conversation: id, Agent: agent, AgentName: name, ClientID: fmt.Sprintf("seed-%d", s.n), Text: text,
			Kind: to.Kind, Account: to.Account, Address: to.Address, Pinned: true, Verdict: v, Force: true})
		return err
	})
	s.do(s.deliver)
}

// deliver settles everything in the outbox as delivered: nothing of the past may leave today.
func (s *seeder) deliver() error {
	rows, err := s.outbox.Lease(s.ctx, "seed", 100, time.Minute)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return errors.New("a seeded reply did not reach the outbox")
	}
	for _, row := range rows {
		s.answered = cmp.Or(row.Envelope.Thread.MessageID, s.answered)
		if row, err = s.outbox.Begin(s.ctx, row); err != nil {
			return err
		}
		if err = s.outbox.Sent(s.ctx, row, channels.Sent{External: "seed-" + row.ID, State: channels.StateSent}); err != nil {
			return err
		}
		if err = s.ledger.Settle(s.ctx, channels.Receipt{Account: row.Account, Kind: row.Kind, OutboxID: row.ID, State: channels.StateDelivered, At: s.clock}); err != nil {
			return err
		}
	}
	return nil
}

func (s *seeder) notes(id inbox.ConversationID, agent inbox.AgentID, name, text string) {
	s.do(func() error {
		s.n++
		_, err := s.ledger.Note(s.ctx, inbox.NoteCmd{Conversation: id, Agent: agent, AgentName: name, ClientID: fmt.Sprintf("seed-%d", s.n), Text: text})
		return err
	})
}

func (s *seeder) closes(id inbox.ConversationID, agent inbox.AgentID, disposition string) {
	s.do(func() error {
		_, err := s.ledger.Close(s.ctx, inbox.CloseCmd{Conversation: id, Actor: inbox.ActorOf(agent), Disposition: disposition})
		return err
	})
}

// about writes what is known of a person besides his addresses.
func (s *seeder) about(id inbox.ConversationID, p Person, note string) {
	s.do(func() error {
		_, who, err := s.ledger.ReachContext(s.ctx, id)
		if err != nil {
			return err
		}
		if err := s.book.Rename(s.ctx, who.ID, p.Name, "system"); err != nil {
			return err
		}
		if err := s.book.SetZone(s.ctx, who.ID, "Europe/Rome", "system"); err != nil {
			return err
		}
		if p.Tier != "" {
			if err := s.book.SetTier(s.ctx, who.ID, p.Tier, "system"); err != nil {
				return err
			}
		}
		if note != "" {
			if err := s.book.SetNote(s.ctx, who.ID, note, "agent:marco"); err != nil {
				return err
			}
		}
		if p.Prefers == "" {
			return nil
		}
		return s.book.SetPreference(s.ctx, who.ID, customer.Preference{Channel: p.Prefers, Source: "stated"}, "agent:giulia")
	})
}
