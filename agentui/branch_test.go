package agentui

import (
	"testing"

	"sportello/agentui/wire"
	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/db"
	"sportello/inbox/inboxtest"
)

// E-25: whoever has the conversation begins another one with the sender of the mail that was passed on, once.
func TestE25BranchByTheConsole(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		anna, mara := r.as("anna"), r.as("mara")
		plain := r.mail("cliente@example.it", "Ciao", func(in *channels.Inbound) { in.Raw = r.put("x") })
		passed := r.mail("marco@example.it", "Inoltro", func(in *channels.Inbound) {
			in.Raw = r.put("From: x\r\n\r\nraw")
			in.Details.Forward = &channels.Forwarded{From: channels.Address{Kind: channels.Email, Value: "carla@example.org"}, How: "inline"}
		})
		ask := func(b *browser, message, client string) (inbox.Conversation, int) {
			var v inbox.Conversation
			code := b.do("POST", "/api/messages/"+message+"/branch", wire.Command{ClientID: client}, &v)
			return v, code
		}
		if _, code := ask(anna, passed.Message, newID()); code != 403 {
			t.Errorf("an agent who does not have it: %d", code)
		}
		if _, code := ask(mara, plain.Message, newID()); code != 404 {
			t.Errorf("a mail that passes nothing on: %d", code)
		}
		one, code := ask(mara, passed.Message, newID())
		two, again := ask(mara, passed.Message, newID())
		if code != 200 || again != 200 || one.ID == "" || one.ID != two.ID || string(one.Previous) != passed.Conversation || one.CustomerContact != "carla@example.org" {
			t.Errorf("%d %+v, %d %+v", code, one, again, two)
		}
		var thread wire.Thread
		if code := mara.do("GET", "/api/conversations/"+passed.Conversation, nil, &thread); code != 200 {
			t.Fatal(code)
		}
		last := thread.Timeline.Items[len(thread.Timeline.Items)-1]
		if last.Type != "conversation.branched" || last.Change == nil || last.Change.Related == nil || last.Change.Related.Number != one.Number || last.ActorName == "" {
			t.Errorf("%+v", last)
		}
	})
}

// E-13: a manager has messages tried again that are held back.
func TestE13RetryByTheConsole(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		for _, c := range []struct {
			who, account string
			code         int
		}{{"anna", "mail", 403}, {"mara", "nowhere", 404}, {"mara", "mail", 204}} {
			if code := r.as(c.who).do("POST", "/api/health/channels/"+c.account+"/retry", wire.Command{ClientID: newID()}, nil); code != c.code {
				t.Errorf("%s: %d, want %d", c.who, code, c.code)
			}
		}
		if len(r.retried) != 2 || r.retried[1] != "mail" {
			t.Errorf("%v", r.retried)
		}
	})
}
