package live

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/journal"
)

func TestApplyTwiceChangesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		var events []journal.Event
		c := chat(1)
		events = append(events, d.event(c, journal.Opened), d.event(c, journal.Queued))
		for want := 2; want >= 0; want -= 2 {
			if n, err := d.Apply(t.Context(), events); err != nil || n != want {
				t.Fatalf("applied %d, %v; want %d", n, err, want)
			}
		}
		if got := len(d.feed()); got != 2 {
			t.Fatalf("%d entries, want 2", got)
		}
	})
}

func TestApplyRefusesGapsAndNamesThem(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		a, b := chat(1), chat(2)
		first, second, third := d.event(a, journal.Opened), d.event(a, journal.Queued), d.event(a, journal.Noted)
		other := d.event(b, journal.Opened)
		if _, err := d.Apply(t.Context(), []journal.Event{first}); err != nil {
			t.Fatal(err)
		}
		n, err := d.Apply(t.Context(), []journal.Event{third, other})
		var behind *BehindError
		if !errors.As(err, &behind) || !errors.Is(err, ErrBehind) || n != 1 {
			t.Fatalf("applied %d, %v; want the other one and a gap", n, err)
		}
		if want := (Behind{first.Stream, 1, 3}); len(behind.Streams) != 1 || behind.Streams[0] != want {
			t.Fatalf("behind %+v, want %+v", behind.Streams, want)
		}
		if n, err := d.Apply(t.Context(), []journal.Event{second, third}); err != nil || n != 2 {
			t.Fatalf("in order: %d, %v", n, err)
		}
	})
}

func TestApplyTakesAnUnknownConversationFromItsFirstEventOnly(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		c := chat(1)
		d.seq[c.ID] = 6
		e := d.event(c, journal.Noted)
		_, err := d.Apply(t.Context(), []journal.Event{e})
		var behind *BehindError
		if !errors.As(err, &behind) || behind.Streams[0] != (Behind{e.Stream, 0, 7}) {
			t.Fatalf("got %v", err)
		}
		if n, err := d.apply(t.Context(), []journal.Event{e}, 0, true); err != nil || n != 1 {
			t.Fatalf("as it stands: %d, %v", n, err)
		}
	})
}

func TestApplyKnowsClosedConversations(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		c := chat(1)
		d.waits(c)
		d.closed(c)
		closing := d.feed()[1]
		if got, err := d.Conversations(t.Context(), []inbox.ConversationID{c.ID}); err != nil || len(got) != 0 {
			t.Fatalf("closed, and still there: %v, %v", got, err)
		}
		var e journal.Event
		if err := json.Unmarshal(closing.Event, &e); err != nil {
			t.Fatal(err)
		}
		if n, err := d.Apply(t.Context(), []journal.Event{e}); err != nil || n != 0 {
			t.Fatalf("closed again: %d, %v", n, err)
		}
		d.tell(c, journal.Reopened) // goes on with the next number
		if s := d.snapshot(); len(s.Waiting) != 1 {
			t.Fatalf("%d wait after it was reopened", len(s.Waiting))
		}
	})
}

// A stream that has no conversation goes to everybody and changes nothing.
func TestApplyTellsOtherStreamsToAll(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		e := journal.Event{Stream: "rules", Seq: 41, ID: newID(), Type: journal.RulesPublished, At: start, Data: json.RawMessage(`{}`)}
		for want := 1; want >= 0; want-- {
			if n, err := d.Apply(t.Context(), []journal.Event{e}); err != nil || n != want {
				t.Fatalf("applied %d, %v; want %d", n, err, want)
			}
		}
		f := d.feed()
		if len(f) != 1 || !f[0].Audience.All || f[0].Type != string(journal.RulesPublished) || f[0].Conversation != "" {
			t.Fatalf("feed %+v", f)
		}
	})
}

// An event that nobody can read must not stop those after it.
func TestApplyPassesByWhatItCannotRead(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		c := chat(1)
		d.waits(c)
		bad, torn := d.event(c, journal.Noted), d.event(c, journal.Noted)
		bad.Data, torn.Data = json.RawMessage(`{"conversation":7}`), json.RawMessage(`{"conversation":`)
		rules := journal.Event{Stream: "rules", Seq: 41, ID: newID(), Type: journal.RulesPublished, At: start, Data: json.RawMessage(`}`)}
		good := c
		good.Subject = "città"
		if n, err := d.Apply(t.Context(), []journal.Event{bad, torn, rules, d.event(good, journal.Noted)}); err != nil || n != 4 {
			t.Fatalf("applied %d, %v", n, err)
		}
		if s := d.snapshot(); len(s.Waiting) != 1 || s.Waiting[0].Subject != "città" || s.Waiting[0].LastSeq != 4 {
			t.Fatalf("waiting %+v", s.Waiting)
		}
		for _, e := range d.feed() {
			if !json.Valid(e.Event) {
				t.Errorf("a console cannot read entry %d: %s", e.Offset, e.Event)
			}
		}
	})
}

func TestApplySaysWhoHadItAndWhereItWas(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		c := chat(1)
		d.waits(c)
		d.assigned(c, "anna")
		moved := c
		moved.Queue = "assistenza"
		d.tell(moved, journal.Transferred)
		var got []Audience
		for _, e := range d.feed() {
			if e.Conversation == c.ID {
				got = append(got, e.Audience)
			}
		}
		want := []Audience{
			{Queue: "vendite"}, {Queue: "vendite", Assignee: "anna"}, {Queue: "assistenza", Former: "anna", FormerQueue: "vendite"},
		}
		if !slices.Equal(got, want) {
			t.Fatalf("audiences %+v, want %+v", got, want)
		}
	})
}

func TestConversationsComeBackAsTheyWere(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		a, b := chat(1), chat(2)
		a.Subject, a.Preview, a.Priority = `"Zürich" </script>`, "perché \u2028 \U0001F600", 70
		b.State, b.Queue = inbox.New, ""
		d.waits(a)
		d.tell(b, journal.Opened)
		got, err := d.Conversations(t.Context(), []inbox.ConversationID{b.ID, "gone", a.ID})
		if err != nil || len(got) != 2 || got[0].ID != b.ID || got[1].Subject != a.Subject || got[1].Preview != a.Preview {
			t.Fatalf("%+v, %v", got, err)
		}
		if !got[1].QueuedAt.Equal(a.QueuedAt) {
			t.Fatalf("changed on the way: %+v", got[1])
		}
		if new, err := d.Placeable(t.Context(), 10); err != nil || len(new) != 1 || new[0].ID != b.ID {
			t.Fatalf("placeable %+v, %v", new, err)
		}
	})
}

// A conversation takes room on the channel that the customer used last.
func TestLoadFollowsTheChannel(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		d.arrives("anna", 3)
		c := chat(1)
		d.waits(c)
		d.assigned(c, "anna")
		c.LastKind = channels.Email
		d.assigned(c, "anna")
		if a := d.agent("anna"); a.Load[channels.Chat] != 0 || a.Load[channels.Email] != 1 {
			t.Fatalf("load %v", a.Load)
		}
	})
}
