package live

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"sportello/channels"
	"sportello/inbox"
)

// O1: the offer takes the room in the same step.
func TestO1OfferTakesRoom(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		d.waits(chat(1), chat(2))
		d.arrives("anna", 1)
		decision := &inbox.Decision{Reason: "longest_idle", Agent: "anna"}
		o, err := d.Offer(t.Context(), "c001", "anna", 20*time.Second, decision)
		if err != nil {
			t.Fatal(err)
		}
		if !o.Expires.Equal(start.Add(20*time.Second)) || o.Conversation.ID != "c001" || o.Claimed || o.Decision.Offer != o.ID {
			t.Fatalf("offer %+v", o)
		}
		if a := d.agent("anna"); a.Load[channels.Chat] != 1 || a.Room(channels.Chat) {
			t.Fatalf("load %v", a.Load)
		}
		if _, err := d.Offer(t.Context(), "c002", "anna", time.Minute, nil); !errors.Is(err, ErrNoRoom) {
			t.Fatalf("second offer: %v", err)
		}
		d.arrives("bruno", 1)
		if _, err := d.Offer(t.Context(), "c001", "bruno", time.Minute, nil); !errors.Is(err, ErrNotWaiting) {
			t.Fatalf("offered twice: %v", err)
		}
		s := d.snapshot()
		if s.Waiting[0].Offer == nil || s.Waiting[0].Offer.Agent != "anna" || s.Waiting[1].Offer != nil {
			t.Fatalf("waiting %+v", s.Waiting)
		}
	})
}

func TestOfferOnlyToWhoIsHere(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		d.waits(chat(1))
		d.arrives("anna", 1)
		refused := func(why string) {
			t.Helper()
			if _, err := d.Offer(t.Context(), "c001", "anna", time.Minute, nil); !errors.Is(err, ErrNotHere) {
				t.Fatalf("%s: %v", why, err)
			}
		}
		if _, err := d.SetPresence(t.Context(), "anna", Away, "pausa"); err != nil {
			t.Fatal(err)
		}
		refused("away")
		d.arrives("anna", 1)
		if err := d.Disconnect(t.Context(), "anna", "tab"); err != nil {
			t.Fatal(err)
		}
		refused("disconnected")
		if _, err := d.Offer(t.Context(), "c001", "nobody", time.Minute, nil); !errors.Is(err, ErrNotHere) {
			t.Fatalf("unknown agent: %v", err)
		}
		if _, err := d.Offer(t.Context(), "c999", "anna", time.Minute, nil); !errors.Is(err, ErrNotWaiting) {
			t.Fatalf("unknown conversation: %v", err)
		}
	})
}

// O2: accept is the winner's, also when repeated; afterwards it is refused with who has it.
func TestO2AcceptIsRepeatableAndRefusedLate(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		c := chat(1)
		d.waits(c)
		d.arrives("anna", 1)
		d.arrives("bruno", 1)
		o := d.offered(c, "anna")
		for range 2 {
			if got, err := d.Accept(t.Context(), o.ID, "anna"); err != nil || !got.Claimed || got.Conversation.ID != c.ID {
				t.Fatalf("accept: %+v, %v", got, err)
			}
		}
		if _, err := d.Accept(t.Context(), o.ID, "bruno"); !errors.Is(err, ErrOfferGone) {
			t.Fatalf("not his: %v", err)
		}
		d.assigned(c, "anna")
		if _, err := d.Accept(t.Context(), o.ID, "anna"); err != nil {
			t.Fatalf("the winner again, after the record: %v", err)
		}
		var gone *GoneError
		if _, err := d.Accept(t.Context(), o.ID, "bruno"); !errors.As(err, &gone) || gone.By != "anna" {
			t.Fatalf("not his, after the record: %v", err)
		}
		if got := d.ends(); !slices.Equal(got, []string{"accepted"}) {
			t.Fatalf("ends %v", got)
		}
		if a := d.agent("anna"); a.Load[channels.Chat] != 1 {
			t.Fatalf("load %v", a.Load)
		}
	})
}

func TestO2AcceptAfterItsTimeIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		d.waits(chat(1))
		d.arrives("anna", 1)
		o := d.offered(chat(1), "anna")
		d.clock.move(20 * time.Second)
		var gone *GoneError
		if _, err := d.Accept(t.Context(), o.ID, "anna"); !errors.As(err, &gone) || gone.How != "expired" {
			t.Fatalf("before the sweep: %v", err)
		}
		if _, err := d.Expire(t.Context(), d.now()); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Accept(t.Context(), o.ID, "anna"); !errors.As(err, &gone) || gone.How != "expired" {
			t.Fatalf("after the sweep: %v", err)
		}
	})
}

// O3: decline, expire and lost give the room back, keep the clock, and exclude the agent for the cooldown.
func TestO3EndsGiveBackRoomAndClock(t *testing.T) {
	ends := map[string]func(t *testing.T, d *desk, o Offer){
		"declined": func(t *testing.T, d *desk, o Offer) {
			if got, err := d.Decline(t.Context(), o.ID, "anna"); err != nil || got.ID != o.ID {
				t.Fatalf("%+v, %v", got, err)
			}
			if _, err := d.Decline(t.Context(), o.ID, "anna"); !errors.Is(err, ErrOfferGone) {
				t.Fatalf("again: %v", err)
			}
		},
		"expired": func(t *testing.T, d *desk, o Offer) {
			expireOne(t, d, d.clock.move(20*time.Second), "expired", 1)
		},
		"lost": func(t *testing.T, d *desk, o Offer) {
			if err := d.Disconnect(t.Context(), "anna", "tab"); err != nil {
				t.Fatal(err)
			}
			if got, err := d.Expire(t.Context(), d.clock.move(4*time.Second)); err != nil || len(got) != 0 {
				t.Fatalf("within the grace: %+v, %v", got, err)
			}
			expireOne(t, d, d.clock.move(time.Second), "lost", 0)
			d.arrives("anna", 1)
		},
	}
	for how, end := range ends {
		t.Run(how, func(t *testing.T) {
			onBoth(t, func(t *testing.T, d *desk) {
				c := chat(1)
				d.waits(c)
				d.arrives("anna", 1)
				end(t, d, d.offered(c, "anna"))
				s := d.snapshot()
				if len(s.Waiting) != 1 || s.Waiting[0].Offer != nil || !s.Waiting[0].QueuedAt.Equal(c.QueuedAt) {
					t.Fatalf("waiting %+v", s.Waiting)
				}
				if until := s.Waiting[0].Excluded["anna"]; !until.Equal(d.now().Add(10 * time.Minute)) {
					t.Fatalf("excluded until %v", until)
				}
				if a := d.agent("anna"); !a.Room(channels.Chat) {
					t.Fatalf("load %v", a.Load)
				}
				if got := d.ends(); !slices.Equal(got, []string{how}) {
					t.Fatalf("ends %v", got)
				}
				if _, err := d.Offer(t.Context(), c.ID, "anna", time.Minute, nil); !errors.Is(err, ErrExcluded) {
					t.Fatalf("offered again: %v", err)
				}
				if err := d.Forgive(t.Context(), c.ID); err != nil {
					t.Fatal(err)
				}
				d.offered(c, "anna")
			})
		})
	}
}

func expireOne(t *testing.T, d *desk, now time.Time, how string, missed int) {
	t.Helper()
	got, err := d.Expire(t.Context(), now)
	if err != nil || len(got) != 1 || got[0].How != how || got[0].Missed != missed {
		t.Fatalf("expire: %+v, %v; want %s", got, err, how)
	}
	if again, err := d.Expire(t.Context(), now); err != nil || len(again) != 0 {
		t.Fatalf("expire again: %+v, %v", again, err)
	}
}

// O4: two expired offers in a row set the agent away; one click brings him back.
func TestO4MissedOffersSetAway(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		d.waits(chat(1), chat(2), chat(3))
		d.arrives("anna", 3)
		for n := 1; n <= 2; n++ {
			d.offered(chat(n), "anna")
			expireOne(t, d, d.clock.move(20*time.Second), "expired", n)
		}
		if a := d.agent("anna"); a.Presence != Away || a.Reason != "missed" || a.Missed != 2 {
			t.Fatalf("%+v", a)
		}
		if a, err := d.SetPresence(t.Context(), "anna", Available, ""); err != nil || a.Missed != 0 || a.Presence != Available {
			t.Fatalf("%+v, %v", a, err)
		}
		d.offered(chat(3), "anna")
	})
}

// Who declined is asked again when the conversation has moved on: it is another step then.
func TestO3ExclusionsEndWithTheQueue(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		c := chat(1)
		d.waits(c)
		d.arrives("anna", 1)
		if _, err := d.Decline(t.Context(), d.offered(c, "anna").ID, "anna"); err != nil {
			t.Fatal(err)
		}
		d.waits(c)
		if _, err := d.Offer(t.Context(), c.ID, "anna", time.Minute, nil); !errors.Is(err, ErrExcluded) {
			t.Fatalf("in the same queue: %v", err)
		}
		c.Queue = "assistenza"
		d.waits(c)
		if s := d.snapshot(); len(s.Waiting[0].Excluded) != 0 {
			t.Fatalf("excluded %v", s.Waiting[0].Excluded)
		}
		d.offered(c, "anna")
	})
}

// O7: an offer ends with what made it possible.
func TestO7OffersEndWithTheirReason(t *testing.T) {
	changes := map[string]func(d *desk, c inbox.Conversation){
		"taken":    func(d *desk, c inbox.Conversation) { d.assigned(c, "bruno") },
		"accepted": func(d *desk, c inbox.Conversation) { d.assigned(c, "anna") },
		"rescinded": func(d *desk, c inbox.Conversation) {
			d.closed(c)
		},
		"rescinded by transfer": func(d *desk, c inbox.Conversation) {
			c.Queue = "assistenza"
			d.waits(c)
		},
	}
	for how, change := range changes {
		t.Run(how, func(t *testing.T) {
			onBoth(t, func(t *testing.T, d *desk) {
				c := chat(1)
				d.waits(c)
				d.arrives("anna", 1)
				o := d.offered(c, "anna")
				d.waits(c) // an event that changes nothing leaves the offer
				change(d, c)
				if got := d.ends(); len(got) != 1 || !strings.HasPrefix(how, got[0]) {
					t.Fatalf("ends %v", got)
				}
				want := 0
				if how == "accepted" {
					want = 1
				} else if _, err := d.Accept(t.Context(), o.ID, "anna"); !errors.Is(err, ErrOfferGone) {
					t.Fatalf("accept: %v", err)
				}
				if a := d.agent("anna"); a.Load[channels.Chat] != want {
					t.Fatalf("load %v", a.Load)
				}
				if w, err := d.Work(t.Context(), "anna"); err != nil || w.Offer != nil || len(w.Conversations) != want {
					t.Fatalf("work %+v, %v", w, err)
				}
			})
		})
	}
}

// A claim that the record never confirms lapses, and the conversation waits again where it was.
func TestClaimLapsesWithoutTheRecord(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		c := chat(1)
		d.waits(c)
		d.arrives("anna", 1)
		o := d.offered(c, "anna")
		if _, err := d.Accept(t.Context(), o.ID, "anna"); err != nil {
			t.Fatal(err)
		}
		if s := d.snapshot(); s.Waiting[0].Offer == nil || !s.Waiting[0].Offer.Claimed {
			t.Fatalf("while claimed: %+v", s.Waiting)
		}
		d.clock.move(claimTime - time.Millisecond)
		if got, err := d.Expire(t.Context(), d.now()); err != nil || len(got) != 0 {
			t.Fatalf("too early: %+v, %v", got, err)
		}
		expireOne(t, d, d.clock.move(time.Millisecond), "lapsed", 0)
		if s := d.snapshot(); s.Waiting[0].Offer != nil || len(s.Waiting[0].Excluded) != 0 {
			t.Fatalf("afterwards: %+v", s.Waiting)
		}
		d.offered(c, "anna")
	})
}

func TestO5ClaimIsAtomic(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		d.waits(chat(1), chat(2), chat(3))
		d.arrives("anna", 1)
		d.arrives("bruno", 1)
		for range 2 {
			if o, err := d.Claim(t.Context(), "c001", "anna", false); err != nil || !o.Claimed || o.ID != "" {
				t.Fatalf("%+v, %v", o, err)
			}
		}
		if _, err := d.Claim(t.Context(), "c001", "bruno", true); !errors.Is(err, ErrNotWaiting) {
			t.Fatalf("claimed twice: %v", err)
		}
		if _, err := d.Claim(t.Context(), "c002", "anna", false); !errors.Is(err, ErrNoRoom) {
			t.Fatalf("no room: %v", err)
		}
		if _, err := d.Claim(t.Context(), "c002", "anna", true); err != nil { // K3
			t.Fatalf("forced: %v", err)
		}
		o := d.offered(chat(3), "bruno")
		if _, err := d.Claim(t.Context(), "c003", "bruno", false); err != nil {
			t.Fatalf("what was offered to him: %v", err)
		}
		if _, err := d.Accept(t.Context(), o.ID, "anna"); !errors.Is(err, ErrOfferGone) {
			t.Fatalf("not his: %v", err)
		}
		if err := d.Unclaim(t.Context(), "c001", "anna"); err != nil {
			t.Fatal(err)
		}
		if s := d.snapshot(); s.Waiting[0].Offer != nil || s.Waiting[1].Offer == nil {
			t.Fatalf("after unclaim: %+v", s.Waiting)
		}
	})
}

func TestOfferEntriesAreForTheirAgent(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		c := chat(1)
		c.Subject = "Ordine 1234"
		d.waits(c)
		d.arrives("anna", 1)
		o := d.offered(c, "anna")
		for _, e := range d.feed() {
			if e.Type != EntryOffer {
				continue
			}
			var got Offer
			if err := json.Unmarshal(e.Event, &got); err != nil {
				t.Fatal(err)
			}
			if e.Agent != "anna" || e.Audience != (Audience{}) || got.ID != o.ID || got.Conversation.Subject != c.Subject {
				t.Fatalf("%+v %+v", e, got)
			}
			return
		}
		t.Fatal("no entry")
	})
}
