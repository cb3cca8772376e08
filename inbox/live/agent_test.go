package live

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/inboxtest"
)

// A1: the idle clock starts with accepted work and with a login; neither a break nor an absence counts as idle.
func TestA1IdleClock(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		d.arrives("anna", 2)
		idle := func(want time.Time, when string) {
			t.Helper()
			if got := d.agent("anna").IdleSince; !got.Equal(want) {
				t.Fatalf("%s: idle since %v, want %v", when, got, want)
			}
		}
		presence := func(p Presence) {
			t.Helper()
			if _, err := d.SetPresence(t.Context(), "anna", p, ""); err != nil {
				t.Fatal(err)
			}
		}
		idle(start, "after the login")
		d.clock.move(5 * time.Minute)
		presence(Away)
		d.clock.move(10 * time.Minute)
		presence(Available)
		idle(start.Add(10*time.Minute), "after a break of 10 minutes")
		d.arrives("anna", 2)
		idle(start.Add(10*time.Minute), "after a reload")
		presence(Offline)
		now := d.clock.move(time.Hour)
		d.arrives("anna", 2)
		idle(now, "after a new login")
		d.waits(chat(1))
		now = d.clock.move(time.Minute)
		o := d.offered(chat(1), "anna")
		idle(now.Add(-time.Minute), "while it is offered")
		if _, err := d.Accept(t.Context(), o.ID, "anna"); err != nil {
			t.Fatal(err)
		}
		idle(now, "after accepted work")
	})
}

func TestA1AbsenceIsNotIdle(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		p := Profile{ID: "anna", Capacity: map[channels.Kind]int{channels.Chat: 1}}
		if _, err := d.Announce(t.Context(), p, Available, "", "tab", time.Minute); err != nil {
			t.Fatal(err)
		}
		d.clock.move(8 * time.Hour)
		a, err := d.Announce(t.Context(), p, "", "", "tab", time.Minute)
		if err != nil || a.Presence != Available || !a.IdleSince.Equal(d.now().Add(-time.Minute)) {
			t.Fatalf("%+v, %v", a, err)
		}
	})
}

func TestSeveralTabsAreOneAgent(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		p := Profile{ID: "anna"}
		for _, tab := range []string{"one", "two"} {
			if _, err := d.Announce(t.Context(), p, Available, "", tab, time.Minute); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.Disconnect(t.Context(), "anna", "one"); err != nil {
			t.Fatal(err)
		}
		if a := d.agent("anna"); !a.Connected || !a.LostAt.IsZero() {
			t.Fatalf("one tab left: %+v", a)
		}
		now := d.clock.move(10 * time.Second)
		for range 2 {
			if err := d.Disconnect(t.Context(), "anna", "two"); err != nil {
				t.Fatal(err)
			}
		}
		if a := d.agent("anna"); a.Connected || !a.LostAt.Equal(now) || a.Presence != Available {
			t.Fatalf("no tab left: %+v", a)
		}
		tabs := []Tab{{"bruno", "tab"}, {"anna", "three"}, {"carla", "tab"}}
		for len(tabs) < 2*heartbeatMost { // more than one script
			tabs = append(tabs, Tab{"anna", fmt.Sprint("tab", len(tabs))})
		}
		tabs = append(tabs, Tab{"dora", "tab"})
		unknown, err := d.Heartbeat(t.Context(), tabs, time.Minute)
		if want := []int{0, 2, len(tabs) - 1}; err != nil || !slices.Equal(unknown, want) {
			t.Fatalf("unknown are %v, want %v: %v", unknown, want, err)
		}
		if a := d.agent("anna"); !a.Connected || !a.LostAt.IsZero() {
			t.Fatalf("back: %+v", a)
		}
	})
}

// A thousand browsers that come back at once must not make a thousand entries for everybody.
func TestAnnouncingTheSameTellsNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		announce := func(p Profile, tab string) int64 {
			t.Helper()
			if _, err := d.Announce(t.Context(), p, "", "", tab, time.Minute); err != nil {
				t.Fatal(err)
			}
			head, err := d.Head(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return head.Offset
		}
		anna := Profile{ID: "anna", Name: "Anna", Capacity: map[channels.Kind]int{channels.Chat: 1, channels.SMS: 2}}
		first := announce(anna, "one")
		if again := announce(anna, "two"); again != first {
			t.Errorf("one more tab: %d entries", again-first)
		}
		anna.Capacity = map[channels.Kind]int{channels.Chat: 2}
		if changed := announce(anna, "two"); changed != first+1 {
			t.Errorf("another capacity: %d entries", changed-first)
		}
		if a := d.agent("anna"); a.Room(channels.SMS) || !a.Room(channels.Chat) || a.Capacity[channels.Chat] != 2 {
			t.Errorf("%+v", a)
		}
	})
}

// O6: a lease that lapses is told to the feed, and the agent's chats are listed after the grace; mail stays.
func TestO6LapsedLeases(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		d.arrives("anna", 2)
		if _, err := d.Announce(t.Context(), Profile{ID: "bruno"}, Available, "", "tab", 30*time.Second); err != nil {
			t.Fatal(err)
		}
		one, mail := chat(1), chat(2)
		mail.Kind = channels.Email
		d.waits(one, mail)
		d.assigned(one, "bruno")
		d.assigned(mail, "bruno")
		lapse := d.clock.move(30 * time.Second)
		for range 2 {
			if _, err := d.Expire(t.Context(), lapse); err != nil {
				t.Fatal(err)
			}
		}
		var told []AgentState
		for _, e := range d.feed() {
			var a AgentState
			if e.Type == EntryAgent && json.Unmarshal(e.Event, &a) == nil && a.ID == "bruno" && !a.Connected {
				told = append(told, a)
			}
		}
		if len(told) != 1 || !told[0].LostAt.Equal(lapse) || told[0].Load[channels.Chat] != 1 {
			t.Fatalf("told %+v", told)
		}
		lost, err := d.Lost(t.Context(), d.clock.move(time.Minute), time.Minute)
		if err != nil || len(lost) != 1 || lost[0].Agent != "bruno" || len(lost[0].Conversations) != 1 {
			t.Fatalf("%+v, %v", lost, err)
		}
		d.waits(one) // requeued by the record
		if lost, err := d.Lost(t.Context(), d.now(), time.Minute); err != nil || len(lost) != 0 {
			t.Fatalf("afterwards %+v, %v", lost, err)
		}
	})
}

func TestOfflineLosesTheOffer(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		d.waits(chat(1))
		d.arrives("anna", 2)
		d.offered(chat(1), "anna")
		if _, err := d.SetPresence(t.Context(), "anna", Offline, ""); err != nil {
			t.Fatal(err)
		}
		expireOne(t, d, d.now(), "lost", 0)
	})
}

// K5: load is what is open now, whatever happened before: it survives a reload and a new connection.
func TestK5LoadIsCountedFromOpenWork(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		d.arrives("anna", 3)
		for n := range 9 {
			c := chat(n)
			d.waits(c)
			d.assigned(c, "anna")
			d.assigned(c, "anna")
			if n%3 != 0 {
				d.closed(c)
			}
		}
		d.arrives("anna", 3)
		if a := d.agent("anna"); a.Load[channels.Chat] != 3 || len(a.Load) != 1 {
			t.Fatalf("load %v", a.Load)
		}
		w, err := d.Work(t.Context(), "anna")
		if err != nil {
			t.Fatal(err)
		}
		var ids []inbox.ConversationID
		for _, c := range w.Conversations {
			ids = append(ids, c.ID)
		}
		if !slices.Equal(ids, []inbox.ConversationID{"c000", "c003", "c006"}) {
			t.Fatalf("work %v", ids)
		}
	})
}

// A profile comes back whole, also one without queues, and the capacity of the last announcement counts.
func TestProfilesComeBackAsTheyWere(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		p := Profile{ID: "anna", Name: "Anna Ünal", Queues: []inbox.QueueID{}, Skills: []inbox.Requirement{{Skill: "italiano", Level: 4}}, Factor: 10}
		a, err := d.Announce(t.Context(), p, Away, "pranzo", "tab", time.Minute)
		if err != nil || a.Name != p.Name || a.Queues == nil || a.Factor != 10 || a.Skills[0] != p.Skills[0] || a.Reason != "pranzo" {
			t.Fatalf("%+v, %v", a, err)
		}
		d.waits(chat(1))
		p.Capacity = map[channels.Kind]int{channels.Chat: 1}
		if _, err := d.Announce(t.Context(), p, Available, "", "tab", time.Minute); err != nil {
			t.Fatal(err)
		}
		p.Capacity = nil
		if _, err := d.Announce(t.Context(), p, "", "", "tab", time.Minute); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Offer(t.Context(), "c001", "anna", time.Minute, nil); !errors.Is(err, ErrNoRoom) {
			t.Fatalf("got %v", err)
		}
	})
}

// Everything answers ErrNoEpoch until the inbox was built.
func TestAnEmptyInboxSaysSo(t *testing.T) {
	inboxtest.Redises(t, func(t *testing.T, addr string) {
		d, ctx := openAt(t, addr), t.Context()
		calls := map[string]func() error{
			"announce": func() error { _, err := d.Announce(ctx, Profile{ID: "a"}, Available, "", "t", time.Minute); return err },
			"offer":    func() error { _, err := d.Offer(ctx, "c", "a", time.Minute, nil); return err },
			"snapshot": func() error { _, err := d.Snapshot(ctx); return err },
			"head":     func() error { _, err := d.Head(ctx); return err },
			"read":     func() error { _, _, err := d.Read(ctx, Position{}, 1); return err },
			"follow":   func() error { return d.Follow(ctx, Position{}, func([]Entry) {}) },
			"expire":   func() error { _, err := d.Expire(ctx, d.now()); return err },
			"work":     func() error { _, err := d.Work(ctx, "a"); return err },
		}
		for name, call := range calls {
			if err := call(); !errors.Is(err, ErrNoEpoch) {
				t.Errorf("%s: %v", name, err)
			}
		}
		select {
		case <-d.empty:
		default:
			t.Error("the guard was not woken")
		}
	})
}
