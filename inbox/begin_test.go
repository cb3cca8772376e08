package inbox_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/customer"
	"sportello/inbox/journal"
)

// stranger is a mail from an address of its own.
func (h *house) stranger(address, name string) channels.Inbound {
	in := h.mail("Buongiorno")
	in.From, in.Locale = channels.Address{Kind: channels.Email, Value: address, Name: name}, "it"
	return in
}

// The customers of mails that are taken as a set are in the record as their events say, and as they are when each comes alone.
func TestStrangersOfABatchAreWhoTheirEventsSay(t *testing.T) {
	houses(t, func(h *house) {
		h.book = customer.NewBook(h.d, h.j, func() time.Time { return h.now().Add(123 * time.Microsecond) })
		h.open()
		alone := h.stranger("dario@example.it", "Dario")
		alone.Claims = []channels.Claim{{Address: channels.Address{Kind: channels.Email, Value: "x@example.it"}}} // of no use, and not of the set
		all := h.batch(h.stranger("anna@example.it", "Anna"), h.stranger("bruno@example.it", ""), h.stranger("carla@example.it", "Carla"), alone)
		var last customer.Customer
		for i, a := range all {
			v := h.conversation(a.Conversation)
			if v.Number != int64(1001+i) {
				t.Errorf("%d has the number %d", i, v.Number)
			}
			c, err := h.book.Read(h.Context(), v.Customer)
			h.ok(err)
			events, err := h.j.Stream(h.Context(), journal.CustomerStream(string(c.ID)), 0, 10)
			h.ok(err)
			want, err := json.Marshal(customer.Change{What: customer.Created, Customer: c})
			h.ok(err)
			if len(events) != 1 || events[0].Seq != c.Seq || string(events[0].Data) != string(want) || events[0].Customer != string(c.ID) {
				t.Errorf("%d: the record has %s\nthe journal %+v", i, want, events)
			}
			if i == 3 && describe(c) != describe(last) {
				t.Errorf("alone he is %s\nin a batch %s", describe(c), describe(last))
			}
			last = c
		}
	})
}

// describe is a customer without what differs between any two.
func describe(c customer.Customer) string {
	i := c.Identities[0]
	i.ID, i.Value, i.Name = "", "", ""
	return fmt.Sprintf("%q %q %q %v %d %d %+v", c.Locale, c.Zone, c.Tier, c.CreatedAt, c.Seq, len(c.Identities), i)
}

// Of a known sender nothing is made anew; what his mail tells of him for the first time is kept, and an address that others have
// declared is not given away to a stranger's history.
func TestKnownSendersOfABatch(t *testing.T) {
	houses(t, func(h *house) {
		known, nameless := h.accept(h.stranger("anna@example.it", "Anna")), h.accept(h.stranger("bruno@example.it", ""))
		other := h.conversation(known.Conversation).Customer
		h.ok(h.book.Declare(h.Context(), other, channels.Address{Kind: channels.Email, Value: "carla@example.it"}, channels.ProofDeclared, "system"))
		h.pass(time.Minute)
		all := h.batch(h.stranger("anna@example.it", "Anna"), h.stranger("bruno@example.it", "Bruno"), h.stranger("carla@example.it", "Carla"))
		if got := h.conversation(all[0].Conversation); got.Customer != other || all[0].Conversation == known.Conversation {
			t.Errorf("%+v", got)
		}
		if got := h.conversation(all[1].Conversation); got.Customer != h.conversation(nameless.Conversation).Customer || got.CustomerName != "Bruno" {
			t.Errorf("%+v", got)
		}
		if got := h.conversation(all[2].Conversation); got.Customer == other {
			t.Errorf("%+v", got)
		}
		c, err := h.book.Read(h.Context(), other)
		h.ok(err)
		if c.Seq != 2 || !c.Identities[0].LastInAt.Equal(h.now()) {
			t.Errorf("%+v", c)
		}
	})
}

// A batch whose account acknowledges answers each mail once, in its own conversation.
func TestBatchIsAcknowledged(t *testing.T) {
	acking(t, func(h *house) {
		all := h.batch(h.writes("anna@example.it", "Hello"), h.writes("bruno@example.it", "Hello"), h.writes("carla@example.it", "Hello"))
		for i, a := range all {
			if acks := h.automatic(a.Conversation); len(acks) != 1 {
				t.Errorf("%d: %+v", i, acks)
			}
			if v := h.conversation(a.Conversation); v.State != inbox.New || v.LastSeq != 3 {
				t.Errorf("%d: %+v", i, v)
			}
		}
		if n := len(h.leased()); n != 3 {
			t.Errorf("%d rows wait to leave", n)
		}
	})
}
