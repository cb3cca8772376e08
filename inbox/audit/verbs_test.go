package audit_test

import (
	"errors"
	"fmt"
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/customer"
)

// verb does one thing that may happen to a record. What is refused changes nothing.
func (h *house) verb() {
	h.Helper()
	h.pass(time.Duration(h.rand.IntN(int(time.Hour))))
	kinds := channels.Kinds()
	if len(h.taken) == 0 || h.rand.IntN(4) == 0 {
		in := h.inbound(kinds[h.rand.IntN(3)])
		in.Auto = []channels.Auto{"", "", "", "", channels.AutoReply, channels.AutoOptOut, channels.AutoOptIn}[h.rand.IntN(7)]
		if h.rand.IntN(6) == 0 { // proved: an anonymous customer becomes a known one
			in.Claims = []channels.Claim{{Address: channels.Address{Kind: channels.Email, Value: fmt.Sprintf("p%d@example.it", h.rand.IntN(4))}, Proof: channels.ProofVerified}}
		}
		h.accept(in)
		return
	}
	in := h.taken[h.rand.IntN(len(h.taken))]
	id := h.ids[h.rand.IntN(len(h.ids))]
	cid := inbox.ConversationID(id)
	ctx := h.Context()
	var err error
	switch h.rand.IntN(14) {
	case 0:
		h.accept(in)
	case 1, 2:
		_, err = h.reply(h.accept(in), in) // where it was taken first
	case 3:
		_, err = h.ledger.Note(ctx, inbox.NoteCmd{Conversation: cid, Agent: marco, ClientID: fmt.Sprintf("n%d", h.rand.IntN(50)), Text: "nota"})
	case 4:
		_, err = h.ledger.Assign(ctx, inbox.AssignCmd{Conversation: cid, Agent: marco})
	case 5:
		_, err = h.ledger.Transfer(ctx, inbox.TransferCmd{Conversation: cid, Actor: inbox.ActorOf(marco), ActorName: "Marco", ToQueue: "vendite", Note: "per voi", AsManager: true})
	case 6:
		if h.rand.IntN(3) == 0 {
			_, err = h.ledger.Close(ctx, inbox.CloseCmd{Conversation: cid, Actor: "system", Note: "fatto", AsManager: true})
		} else {
			_, err = h.ledger.Reopen(ctx, inbox.ReopenCmd{Conversation: cid, Actor: "system"})
		}
	case 7: // answered in the mail program
		in.Outgoing, in.From, in.To, in.Claims, in.Auto, in.Kind = true, channels.Address{Kind: channels.Email, Value: "help@example.it"}, []channels.Address{in.From}, nil, "", channels.Email
		in.External = fmt.Sprintf("sent-%d", h.rand.IntN(50))
		_, err = h.ledger.Accept(ctx, in)
	case 8: // answered in a mail program, without a copy
		err = h.ledger.Mark(ctx, channels.Mark{Account: in.Account, MessageID: in.Thread.MessageID, What: channels.MarkAnswered, At: h.now()})
	case 9: // it passes on somebody else's
		m, found := h.ledger.Messages(ctx, cid, 0, 1)
		h.ok(found)
		in.External, in.From = "", channels.Address{Kind: channels.Email, Value: fmt.Sprintf("other%d@example.it", h.rand.IntN(4))}
		_, err = h.ledger.Branch(ctx, inbox.BranchCmd{Message: m[0].ID, Original: in, Agent: marco})
	case 10:
		v, found := h.ledger.Conversation(ctx, cid)
		h.ok(found)
		others, found := h.ledger.ConversationsByCustomer(ctx, v.Customer, 10)
		h.ok(found)
		_, err = h.ledger.Merge(ctx, inbox.MergeCmd{Conversation: cid, Into: others[h.rand.IntN(len(others))].ID, Agent: marco, AsManager: true})
	case 11:
		_, err = h.ledger.Split(ctx, inbox.SplitCmd{Conversation: cid, Agent: marco})
	default:
		h.work()
	}
	var refused inbox.Refused
	var held *inbox.Held
	if err != nil && !errors.As(err, &refused) && !errors.As(err, &held) {
		h.Fatal(err)
	}
}

// work leases what is due and lets it come to some end or other.
func (h *house) work() {
	h.Helper()
	ctx := h.Context()
	_, err := h.outbox.Recover(ctx)
	h.ok(err)
	rows, err := h.outbox.Lease(ctx, "node", 3, time.Minute)
	h.ok(err)
	for _, row := range rows {
		switch h.rand.IntN(6) {
		case 0:
			h.ok(h.outbox.Hold(ctx, row, customer.Verdict{Code: customer.CodeQuietHours, Chosen: -1}, h.now().Add(time.Hour)))
			continue
		case 1:
			h.ok(h.outbox.Refuse(ctx, row, customer.Verdict{Code: customer.CodeConsentWithdrawn, Chosen: -1}))
			continue
		case 2:
			to := customer.Option{Kind: channels.Email, Account: "mail", Address: "p1@example.it"}
			row, err = h.outbox.Redirect(ctx, row, to, customer.Verdict{})
			h.ok(err)
		}
		if row, err = h.outbox.Begin(ctx, row); err != nil {
			h.Fatal(err)
		}
		h.outcome(row)
	}
}

func (h *house) outcome(row inbox.Row) {
	h.Helper()
	ctx := h.Context()
	receipt := channels.Receipt{Account: row.Account, Kind: row.Kind, External: "X" + row.ID}
	states := []channels.State{channels.StateDelivered, channels.StateRead, channels.StateFailed, channels.StateSent}
	switch h.rand.IntN(6) {
	case 0: // its holder is gone
	case 1:
		h.ok(h.outbox.Failed(ctx, row, &channels.Fault{Class: channels.Temporary, Code: channels.CodeNetwork}, h.now().Add(time.Minute)))
	case 2:
		h.ok(h.outbox.Failed(ctx, row, &channels.Fault{Class: channels.Permanent, Code: channels.CodeBadAddress, Suppress: true}, time.Time{}))
	case 3:
		h.ok(h.outbox.Failed(ctx, row, &channels.Fault{Class: channels.Uncertain, Code: channels.CodeTimeout}, time.Time{}))
		receipt.OutboxID = row.ID
		fallthrough
	default:
		if h.rand.IntN(2) == 0 { // the receipt is faster
			receipt.State = states[h.rand.IntN(len(states))]
			h.ok(h.ledger.Settle(ctx, receipt))
		}
		if receipt.OutboxID == "" {
			h.ok(h.outbox.Sent(ctx, row, channels.Sent{External: receipt.External}))
		}
		for range h.rand.IntN(3) {
			receipt.State = states[h.rand.IntN(len(states))]
			h.ok(h.ledger.Settle(ctx, receipt))
		}
	}
}
