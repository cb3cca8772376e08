package agentui

import (
	"testing"

	"sportello/agentui/wire"
	"sportello/inbox"
	"sportello/inbox/db"
	"sportello/inbox/inboxtest"
	"sportello/inbox/journal"
	"sportello/inbox/live"
)

// C28, E-24: who has a conversation merges it, once, and undoes it; both say so, and answering on the old screen says where to go on.
func TestC28MergeAndSplitByTheConsole(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		anna, bruno, carla := r.as("anna"), r.as("bruno"), r.as("carla")
		from, into := r.mine("anna", "cliente@example.it"), r.mine("bruno", "cliente@example.it")
		stranger := r.mine("anna", "altro@example.it")
		ask := func(b *browser, of inbox.ConversationID, verb string, body any) (inbox.Conversation, wire.Problem, int) {
			var v inbox.Conversation
			var p wire.Problem
			var into any = &v
			res := b.raw("POST", "/api/conversations/"+string(of)+"/"+verb, body, nil)
			if res.StatusCode != 200 {
				into = &p
			}
			b.decode(res, into)
			return v, p, res.StatusCode
		}
		for name, c := range map[string]struct {
			b        *browser
			of, into inbox.ConversationID
			code     int
		}{
			"a colleague":      {bruno, from.ID, into.ID, 403},
			"another customer": {anna, stranger.ID, into.ID, 409},
			"nothing":          {anna, from.ID, "00000000-0000-0000-0000-000000000000", 404},
			"no id":            {anna, from.ID, "1001", 422},
		} {
			if _, p, code := ask(c.b, c.of, "merge", wire.Merge{ClientID: newID(), Into: c.into}); code != c.code {
				t.Errorf("%s: %d %+v", name, code, p)
			}
		}
		cmd := wire.Merge{ClientID: newID(), Into: into.ID}
		first, _, code := ask(anna, from.ID, "merge", cmd)
		again, _, repeated := ask(anna, from.ID, "merge", cmd)
		if code != 200 || repeated != 200 || first.ID != into.ID || first.LastSeq != again.LastSeq || first.Assignee != "bruno" {
			t.Errorf("%d %+v, %d %+v", code, first, repeated, again)
		}
		_, p, code := ask(anna, from.ID, "reply", wire.Reply{ClientID: newID(), Text: "Eccomi", SeenSeq: 99})
		if code != 409 || p.Code != "merged" || p.Fields["into"] != string(into.ID) {
			t.Errorf("an old screen: %d %+v", code, p)
		}
		if _, p, code = ask(r.as("mara"), from.ID, "reply", wire.Reply{ClientID: newID(), Text: "Eccomi", SeenSeq: 99}); code != 409 || p.Code != "merged" || p.Fields["into"] != string(into.ID) {
			t.Errorf("an old screen: %d %+v", code, p)
		}
		var thread wire.Thread
		if code := anna.do("GET", "/api/conversations/"+string(into.ID), nil, &thread); code != 200 {
			t.Fatal(code)
		}
		merged, joined := r.events(thread, journal.Merged), r.events(thread, journal.Joined)
		if len(merged) != 1 || len(joined) != 1 || merged[0].Change.Related.Number != into.Number || joined[0].Change.Related.ID != from.ID || joined[0].ActorName == "" ||
			len(thread.Others) != 1 || thread.Others[0].MergedInto != into.ID {
			t.Errorf("%+v %+v %+v", merged, joined, thread.Others)
		}
		if _, p, code := ask(carla, from.ID, "split", wire.Command{ClientID: newID()}); code != 403 {
			t.Errorf("somebody of another queue: %d %+v", code, p)
		}
		if v, p, code := ask(bruno, from.ID, "split", wire.Command{ClientID: newID()}); code != 200 || v.ID != from.ID || v.State != inbox.Waiting || v.Sticky != "anna" {
			t.Errorf("%d %+v %+v", code, v, p)
		}
		r.settled(from.ID)
	})
}

func (r *rig) events(thread wire.Thread, typ journal.Type) (found []wire.TimelineItem) {
	for _, item := range thread.Timeline.Items {
		if item.Type == typ {
			found = append(found, item)
		}
	}
	return found
}

// O7: an offer ends when its conversation is merged, and when the one it is merged into gets its agent; nobody keeps room for it. The offer
// of the one it is merged into stands otherwise.
func TestO7MergeEndsOffers(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	anna, bruno, mara := r.as("anna"), r.as("bruno"), r.as("mara")
	for _, b := range []*browser{anna, bruno} {
		b.do("PUT", "/api/me/presence", wire.SetPresence{Presence: live.Available}, nil)
	}
	waiting := func() inbox.ConversationID {
		id := inbox.ConversationID(r.mail("cliente@example.it", "Ciao", nil).Conversation)
		r.place(id, "sales")
		return id
	}
	merge := func(from, into inbox.ConversationID) {
		t.Helper()
		if code := mara.do("POST", "/api/conversations/"+string(from)+"/merge", wire.Merge{ClientID: newID(), Into: into}, nil); code != 200 {
			t.Fatal(code)
		}
		r.settled(into)
	}
	gone := func(b *browser, o live.Offer, how string) {
		t.Helper()
		var p wire.Problem
		if code := b.do("POST", "/api/offers/"+o.ID+"/accept", wire.Command{ClientID: newID()}, &p); code != 409 || p.Code != "offer_gone" || p.Fields["how"] != how {
			t.Errorf("%d %+v", code, p)
		}
		snap, err := r.live.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range snap.Agents {
			if a.ID == o.Agent && (a.Load["email"] != 0 || !a.Room("email")) {
				t.Errorf("%s keeps room: %+v", a.ID, a.Load)
			}
		}
	}
	offer := func(id inbox.ConversationID, to inbox.AgentID) live.Offer {
		t.Helper()
		o, err := r.live.Offer(t.Context(), id, to, patience, nil)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	one, two := waiting(), waiting()
	o := offer(one, "anna")
	merge(one, two)
	inboxtest.Until(t, "the merged one is gone from the live inbox", func() bool {
		have, err := r.live.Conversations(t.Context(), []inbox.ConversationID{one})
		return err == nil && len(have) == 0
	})
	gone(anna, o, "rescinded")

	o = offer(two, "bruno")
	mine := r.owned("carla", r.mail("cliente@example.it", "Ancora", nil))
	merge(mine.ID, two)
	gone(bruno, o, "taken")
	if v, err := r.ledger.Conversation(t.Context(), two); err != nil || v.Assignee != "carla" {
		t.Errorf("%+v %v", v, err)
	}

	three, four := waiting(), waiting()
	o = offer(four, "anna")
	merge(three, four)
	var v inbox.Conversation
	if code := anna.do("POST", "/api/offers/"+o.ID+"/accept", wire.Command{ClientID: newID()}, &v); code != 200 || v.ID != four || v.Assignee != "anna" {
		t.Errorf("the offer of the one it was merged into: %d %+v", code, v)
	}
}
