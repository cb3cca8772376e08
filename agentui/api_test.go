package agentui

import (
	"database/sql"
	"slices"
	"strings"
	"testing"
	"time"

	"sportello/agentui/wire"
	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/customer"
	"sportello/inbox/db"
	"sportello/inbox/inboxtest"
	"sportello/inbox/journal"
	"sportello/inbox/live"
)

const visitor = "0123456789abcdef0123456789abcdef"

// C07: a reply is taken once, however often it is sent because its answer was lost.
func TestC07ReplyIsTakenOnce(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		b := r.as("anna")
		conv := r.mine("anna", "cliente@example.it")
		in := wire.Reply{ClientID: newID(), SeenSeq: conv.LastSeq, Text: "È in viaggio."}
		path := "/api/conversations/" + string(conv.ID) + "/reply"
		var first, again wire.ReplyResult
		if code := b.do("POST", path, in, &first); code != 200 || first.Done == nil || first.Done.Kind != channels.Email {
			t.Fatalf("%d %+v", code, first)
		}
		if first.Done.Author.Name != "Public anna" || first.Done.State != channels.StateQueued {
			t.Errorf("%+v", first.Done)
		}
		results := make(chan int)
		for range 3 {
			go func() { results <- r.again(b, path, in) }()
		}
		for range 3 {
			if code := <-results; code != 200 {
				t.Errorf("a repeat: %d", code)
			}
		}
		if b.do("POST", path, in, &again); again.Done == nil || again.Done.ID != first.Done.ID {
			t.Errorf("another message: %+v", again)
		}
		if n := r.replies(conv.ID); n != 1 {
			t.Errorf("%d replies in the record", n)
		}
	})
}

// again sends a command again from a goroutine.
func (r *rig) again(b *browser, path string, in any) int {
	res := b.raw("POST", path, in, nil)
	defer res.Body.Close()
	return res.StatusCode
}

func (r *rig) replies(c inbox.ConversationID) (n int) {
	r.t.Helper()
	all, err := r.ledger.Messages(r.t.Context(), c, 0, 100)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, m := range all {
		if m.Direction == inbox.Out {
			n++
		}
	}
	return n
}

// C14: a reply whose author has not seen what a colleague wrote is held, and taken when he insists.
func TestC14ReplyIsHeld(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		anna, mara := r.as("anna"), r.as("mara")
		conv := r.mine("anna", "cliente@example.it")
		path := "/api/conversations/" + string(conv.ID) + "/reply"
		if code := mara.do("POST", path, wire.Reply{ClientID: newID(), SeenSeq: conv.LastSeq, Text: "Ci penso io."}, nil); code != 200 {
			t.Fatalf("mara: %d", code)
		}
		in := wire.Reply{ClientID: newID(), SeenSeq: conv.LastSeq, Text: "Guardo subito."}
		var held struct {
			wire.Problem
			wire.ReplyResult
		}
		code := anna.do("POST", path, in, &held)
		if code != 409 || held.Code != "held" || held.Held == nil || held.Held.Reason != "colleague_wrote" {
			t.Fatalf("%d %+v", code, held)
		}
		if len(held.Held.Messages) != 1 || held.Held.Messages[0].Text != "Ci penso io." {
			t.Errorf("%+v", held.Held.Messages)
		}
		in.Force, in.ClientID = true, newID()
		if code := anna.do("POST", path, in, nil); code != 200 {
			t.Errorf("insisting: %d", code)
		}
		if n := r.replies(conv.ID); n != 2 {
			t.Errorf("%d replies", n)
		}
	})
}

// A held reply that is forced under the same client id, as after "send all the same", is taken.
func TestC14HeldReplyMayBeForcedUnderItsID(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	anna, mara := r.as("anna"), r.as("mara")
	conv := r.mine("anna", "cliente@example.it")
	path := "/api/conversations/" + string(conv.ID) + "/reply"
	mara.do("POST", path, wire.Reply{ClientID: newID(), SeenSeq: conv.LastSeq, Text: "Ci penso io."}, nil)
	in := wire.Reply{ClientID: newID(), SeenSeq: conv.LastSeq, Text: "Guardo subito."}
	if code := anna.do("POST", path, in, nil); code != 409 {
		t.Fatalf("status %d", code)
	}
	in.Force = true
	if code := anna.do("POST", path, in, nil); code != 200 {
		t.Errorf("insisting: %d", code)
	}
}

func TestReplyByAForbiddenChannelIsRefusedWithTheReason(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	b := r.as("anna")
	conv := r.mine("anna", "cliente@example.it")
	var got struct {
		wire.Problem
		wire.ReplyResult
	}
	code := b.do("POST", "/api/conversations/"+string(conv.ID)+"/reply",
		wire.Reply{ClientID: newID(), SeenSeq: conv.LastSeq, Text: "x", Kind: channels.SMS}, &got)
	if code != 422 || got.Code != "refused" || got.Refused == nil {
		t.Fatalf("%d %+v", code, got)
	}
	if o, _ := got.Refused.Option(channels.SMS); !slices.Contains(o.Codes, customer.CodeNoAccount) {
		t.Errorf("%+v", o)
	}
	var v customer.Verdict
	if code := b.do("GET", "/api/conversations/"+string(conv.ID)+"/reach", nil, &v); code != 200 || v.Chosen < 0 {
		t.Errorf("%d %+v", code, v)
	}
}

// C11: a note never reaches the visitor.
func TestC11NoteIsNeverInTheVisitorsTalk(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		b := r.as("anna")
		id := r.chat(visitor, "Ciao")
		r.place(id, "sales")
		r.assign(id, "anna")
		var m inbox.Message
		if code := b.do("POST", "/api/conversations/"+string(id)+"/note", wire.Note{ClientID: newID(), Text: "cliente difficile"}, &m); code != 200 || m.Direction != inbox.Note {
			t.Fatalf("%d %+v", code, m)
		}
		talk, err := r.ledger.Talk(t.Context(), "web", visitor, "", 0)
		if err != nil || len(talk.Lines) != 1 {
			t.Fatalf("%+v, %v", talk, err)
		}
		var thread wire.Thread
		b.do("GET", "/api/conversations/"+string(id), nil, &thread)
		if i := slices.IndexFunc(thread.Timeline.Items, func(i wire.TimelineItem) bool { return i.Type == journal.Noted }); i < 0 {
			t.Error("the note is not on the timeline")
		}
	})
}

func TestThreadShowsEverything(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		b := r.as("anna")
		old := r.mine("anna", "cliente@example.it")
		if _, err := r.ledger.Close(t.Context(), inbox.CloseCmd{Conversation: old.ID, Actor: inbox.ActorOf("anna"), Disposition: "resolved"}); err != nil {
			t.Fatal(err)
		}
		conv := r.mine("anna", "cliente@example.it")
		var thread wire.Thread
		if code := b.do("GET", "/api/conversations/"+string(conv.ID), nil, &thread); code != 200 {
			t.Fatalf("status %d", code)
		}
		if thread.Conversation.ID != conv.ID || thread.Customer.ID != conv.Customer || !thread.CanReply || thread.Position.Epoch == "" {
			t.Errorf("%+v", thread)
		}
		if len(thread.Others) != 1 || thread.Others[0].ID != old.ID {
			t.Errorf("others: %+v", thread.Others)
		}
		items := thread.Timeline.Items
		if !slices.IsSortedFunc(items, func(a, b wire.TimelineItem) int { return a.At.Compare(b.At) }) {
			t.Error("not oldest first")
		}
		i := slices.IndexFunc(items, func(i wire.TimelineItem) bool { return i.Type == journal.Received })
		if i < 0 || items[i].Message == nil || items[i].Message.Text == "" || items[i].ActorName != "Cliente" {
			t.Errorf("no mail on the timeline: %+v", items)
		}
		var byNumber wire.Thread
		if b.do("GET", "/api/conversations/"+itoa(conv.Number), nil, &byNumber); byNumber.Conversation.ID != conv.ID {
			t.Error("not found by its number")
		}
		var list []inbox.Message
		if code := b.do("GET", "/api/conversations/"+string(conv.ID)+"/messages", nil, &list); code != 200 || len(list) == 0 {
			t.Errorf("%d, %d messages", code, len(list))
		}
		var hits []wire.SearchHit
		b.do("GET", "/api/search?q=cliente%40example", nil, &hits)
		if len(hits) != 1 || hits[0].Match != "cliente@example.it" || hits[0].Conversation == nil {
			t.Errorf("%+v", hits)
		}
		b.do("GET", "/api/search?q=%23"+itoa(conv.Number), nil, &hits)
		if len(hits) == 0 || hits[0].Conversation == nil || hits[0].Conversation.ID != conv.ID {
			t.Errorf("by number: %+v", hits)
		}
	})
}

// Delivery is folded into its message, however late it comes.
func TestTimelineFoldsDelivery(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	b := r.as("anna")
	conv := r.mine("anna", "cliente@example.it")
	var sent wire.ReplyResult
	b.do("POST", "/api/conversations/"+string(conv.ID)+"/reply", wire.Reply{ClientID: newID(), SeenSeq: conv.LastSeq, Text: "Sì"}, &sent)
	m := sent.Done
	rows, err := r.outbox.Rows(t.Context(), m.ID)
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, row := range rows {
		for _, state := range []channels.State{channels.StateSent, channels.StateDelivered} {
			if err := r.ledger.Settle(t.Context(), channels.Receipt{Account: "mail", Kind: channels.Email, OutboxID: row.ID, State: state}); err != nil {
				t.Fatal(err)
			}
		}
	}
	var page wire.Timeline
	b.do("GET", "/api/customers/"+string(conv.Customer)+"/timeline", nil, &page)
	found := false
	for _, i := range page.Items {
		if i.Type == journal.Delivery {
			t.Error("a delivery of its own")
		}
		if i.Message != nil && i.Message.ID == m.ID {
			found = i.Message.State == channels.StateDelivered
		}
	}
	if !found {
		t.Error("the reply is not shown as delivered")
	}
}

func TestTimelineIsPaged(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	b := r.as("anna")
	conv := r.mine("anna", "cliente@example.it")
	const notes = 2*pageItems + 5
	for range notes {
		if _, err := r.ledger.Note(t.Context(), inbox.NoteCmd{Conversation: conv.ID, Agent: "anna", ClientID: newID(), Text: "n"}); err != nil {
			t.Fatal(err)
		}
	}
	seen, before, pages := map[string]bool{}, "", 0
	for {
		var page wire.Timeline
		if code := b.do("GET", "/api/customers/"+string(conv.Customer)+"/timeline?before="+before, nil, &page); code != 200 {
			t.Fatalf("status %d", code)
		}
		for _, i := range page.Items {
			if seen[i.ID] {
				t.Fatalf("%s twice", i.ID)
			}
			seen[i.ID] = true
		}
		pages++
		if before = page.Before; before == "" || pages > 10 {
			break
		}
	}
	if len(seen) < notes+2 || pages < 3 || pages > 10 {
		t.Errorf("%d items on %d pages", len(seen), pages)
	}
}

func TestWorkIsWhatIsMineAndWhatMyQueuesHave(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		mine := r.mine("anna", "uno@example.it")
		sales := inbox.ConversationID(r.mail("due@example.it", "x", nil).Conversation)
		r.place(sales, "sales")
		support := inbox.ConversationID(r.mail("tre@example.it", "x", nil).Conversation)
		r.place(support, "support")
		var w wire.Work
		if code := r.as("anna").do("GET", "/api/work", nil, &w); code != 200 {
			t.Fatalf("status %d", code)
		}
		if len(w.Mine) != 1 || w.Mine[0].ID != mine.ID || len(w.Waiting) != 1 || w.Waiting[0].ID != sales || w.Me.Presence != live.Offline {
			t.Errorf("%+v", w)
		}
		r.as("mara").do("GET", "/api/work", nil, &w)
		if len(w.Mine) != 0 || len(w.Waiting) != 2 {
			t.Errorf("the manager: %+v", w)
		}
		text, _ := r.as("mara").text("/api/work")
		if strings.Contains(text, "null") {
			t.Errorf("a list is null: %s", text)
		}
	})
}

func TestPresenceBeforeTheSocket(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	b := r.as("anna")
	var s live.AgentState
	if code := b.do("PUT", "/api/me/presence", wire.SetPresence{Presence: live.Available}, &s); code != 200 || s.Presence != live.Available || !s.Connected {
		t.Errorf("%d %+v", code, s)
	}
	if code := b.do("PUT", "/api/me/presence", wire.SetPresence{Presence: "asleep"}, nil); code != 422 {
		t.Errorf("status %d", code)
	}
	var dir wire.Directory
	if code := b.do("GET", "/api/directory", nil, &dir); code != 200 || len(dir.Agents) != 4 || len(dir.Queues) != 2 || dir.Queues[0].Free != 1 {
		t.Errorf("%d %+v", code, dir)
	}
}

func TestOffersAreAnsweredOnce(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	b := r.as("anna")
	b.do("PUT", "/api/me/presence", wire.SetPresence{Presence: live.Available}, nil)
	id := r.chat(visitor, "Ciao")
	r.place(id, "sales")
	offer, err := r.live.Offer(t.Context(), id, "anna", patience, &inbox.Decision{Agent: "anna", Reason: "longest_idle"})
	if err != nil {
		t.Fatal(err)
	}
	var p wire.Problem
	if code := r.as("bruno").do("POST", "/api/offers/"+offer.ID+"/accept", wire.Command{ClientID: newID()}, &p); code != 409 || p.Code != "offer_gone" {
		t.Errorf("somebody else's offer: %d %+v", code, p)
	}
	in := wire.Command{ClientID: newID()}
	for range 2 {
		var c inbox.Conversation
		if code := b.do("POST", "/api/offers/"+offer.ID+"/accept", in, &c); code != 200 || c.Assignee != "anna" {
			t.Errorf("%d %+v", code, c)
		}
	}
	if code := b.do("POST", "/api/offers/"+offer.ID+"/decline", wire.Decline{ClientID: newID(), Reason: "busy"}, &p); code != 409 {
		t.Errorf("declined after it was accepted: %d", code)
	}
}

func TestTakeTransferCloseReopen(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		anna, bruno := r.as("anna"), r.as("bruno")
		id := inbox.ConversationID(r.mail("cliente@example.it", "x", nil).Conversation)
		r.place(id, "sales")
		path := "/api/conversations/" + string(id)
		var c inbox.Conversation
		if code := anna.do("POST", path+"/take", wire.Command{ClientID: newID()}, &c); code != 200 || c.Assignee != "anna" {
			t.Fatalf("take: %d %+v", code, c)
		}
		if code := bruno.do("POST", path+"/take", wire.Command{ClientID: newID()}, nil); code != 409 {
			t.Errorf("taken twice: %d", code)
		}
		if code := anna.do("POST", path+"/transfer", wire.Transfer{ClientID: newID(), Queue: "nowhere"}, nil); code != 422 {
			t.Errorf("to nowhere: %d", code)
		}
		c = inbox.Conversation{}
		if code := anna.do("POST", path+"/transfer", wire.Transfer{ClientID: newID(), Queue: "support", Note: "per voi"}, &c); code != 200 || c.Queue != "support" || c.Assignee != "" {
			t.Errorf("transfer: %d %+v", code, c)
		}
		r.settled(id)
		carla := r.as("carla")
		if code := carla.do("POST", path+"/take", wire.Command{ClientID: newID()}, nil); code != 200 {
			t.Fatalf("take: %d", code)
		}
		var why wire.Problem
		early := wire.Close{ClientID: newID(), Disposition: "resolved", SeenSeq: 1}
		if code := carla.do("POST", path+"/close", early, &why); code != 409 || why.Code != "customer_wrote" {
			t.Errorf("closed over what was not seen: %d %+v", code, why)
		}
		in := wire.Close{ClientID: newID(), Disposition: "resolved"}
		for range 2 {
			if code := carla.do("POST", path+"/close", in, &c); code != 200 || c.State != inbox.Closed {
				t.Errorf("close: %d %+v", code, c)
			}
		}
		if code := carla.do("POST", path+"/reply", wire.Reply{ClientID: newID(), Text: "x", SeenSeq: c.LastSeq}, nil); code != 409 && code != 403 {
			t.Errorf("reply after the end: %d", code)
		}
		if code := carla.do("POST", path+"/reopen", wire.Command{ClientID: newID()}, &c); code != 200 || c.State == inbox.Closed {
			t.Errorf("reopen: %d %+v", code, c)
		}
	})
}

func TestCustomerIsChanged(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	b := r.as("anna")
	conv := r.mine("anna", "cliente@example.it")
	path, name, note := "/api/customers/"+string(conv.Customer), "Rossi S.r.l.", "paga tardi"
	var c customer.Customer
	if code := b.do("PATCH", path, wire.CustomerPatch{Name: &name, Note: &note}, &c); code != 200 || c.Name != name || c.Note != note {
		t.Errorf("%d %+v", code, c)
	}
	if code := b.do("POST", path+"/identities", wire.NewIdentity{Kind: channels.SMS, Value: "+39 333 123 45 67"}, &c); code != 200 || len(c.Identities) != 2 {
		t.Errorf("%d %+v", code, c)
	}
	for _, bad := range []wire.NewIdentity{{Kind: channels.Email, Value: "x"}, {Kind: channels.SMS, Value: "333"}, {Kind: channels.Chat, Value: visitor}} {
		if code := b.do("POST", path+"/identities", bad, nil); code != 422 {
			t.Errorf("%+v: %d", bad, code)
		}
	}
	if code := b.do("PUT", path+"/preference", wire.SetPreference{Channel: channels.Email}, &c); code != 200 || c.Preference == nil || c.Preference.Source != "stated" {
		t.Errorf("%d %+v", code, c.Preference)
	}
	if code := b.do("PUT", path+"/preference", wire.SetPreference{Channel: ""}, nil); code != 200 {
		t.Errorf("forget: %d", code)
	}
}

// E-33: an agent makes an address usable again that had refused our mail.
func TestE33AddressIsRestoredByAnAgent(t *testing.T) {
	d := inboxtest.SQLite(t)
	r := newRig(t, d)
	b := r.as("anna")
	conv := r.mine("anna", "cliente@example.it")
	if err := d.Tx(t.Context(), func(tx *sql.Tx) error {
		return r.book.Suppress(t.Context(), tx, channels.Email, "cliente@example.it", "m1", channels.CodeBadAddress, time.Now())
	}); err != nil {
		t.Fatal(err)
	}
	path := "/api/customers/" + string(conv.Customer)
	var c customer.Customer
	if code := b.do("GET", path, nil, &c); code != 200 || c.Identities[0].SuppressedAt.IsZero() {
		t.Fatalf("%d %+v", code, c)
	}
	if code := b.do("POST", path+"/identities/"+newID()+"/restore", nil, nil); code != 404 {
		t.Errorf("another identity: %d", code)
	}
	identity := c.Identities[0].ID
	c = customer.Customer{}
	if code := b.do("POST", path+"/identities/"+identity+"/restore", nil, &c); code != 200 || !c.Identities[0].SuppressedAt.IsZero() {
		t.Errorf("%d %+v", code, c)
	}
}
