package agentui

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"sportello/agentui/wire"
	"sportello/inbox"
	"sportello/inbox/inboxtest"
)

// commands are all endpoints that take a body.
var commandPaths = []struct{ method, path string }{
	{"POST", "/api/session"}, {"POST", "/api/session/demo"}, {"PUT", "/api/me/presence"}, {"POST", "/api/conversations/{c}/reply"},
	{"POST", "/api/conversations/{c}/note"}, {"POST", "/api/conversations/{c}/take"}, {"POST", "/api/conversations/{c}/transfer"},
	{"POST", "/api/conversations/{c}/close"}, {"POST", "/api/conversations/{c}/reopen"}, {"POST", "/api/offers/x/accept"},
	{"POST", "/api/conversations/{c}/merge"}, {"POST", "/api/conversations/{c}/split"},
	{"POST", "/api/offers/x/decline"}, {"PATCH", "/api/customers/{u}"}, {"POST", "/api/customers/{u}/identities"},
	{"PUT", "/api/customers/{u}/preference"}, {"POST", "/api/rules"}, {"POST", "/api/rules/check"},
}

// strange are bodies that no console sends.
var strange = []string{
	``, `{}`, `null`, `[]`, `"x"`, `{"client_id":"x"}`, `{"client_id":"00000000-0000-4000-8000-000000000000","seen_seq":-1,"text":" "}`,
	`{"rules":[{"when":"((((("}]}`, `{"presence":5}`, `{}{}`, `{"agent":"\u0000","text":"\u0000","name":"\u0000","note":"\u0000"}`,
	`{"email":"` + strings.Repeat("a", 1000) + `","password":"\ud800"}`, strings.Repeat("[", 10000), `{"client_id":{"a":1}}`, "\xff\xfe",
	`{"client_id":"00000000-0000-4000-8000-000000000000","queue":"\u0000","text":"\u0000","disposition":"resolved","note":"\u0000","reason":"busy"}`,
	`{"kind":"email","value":"a@b\u0000"}`, `{"channel":"pigeon"}`, `{"client_id":"00000000-0000-4000-8000-000000000000","base":9223372036854775807,"rules":null}`,
}

// Whatever stands in a body, it is the sender's fault: never ours, and never a change.
func TestStrangeBodiesAreRefused(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	b := r.as("mara")
	conv := r.mine("anna", "cliente@example.it")
	for _, c := range commandPaths {
		path := strings.NewReplacer("{c}", string(conv.ID), "{u}", string(conv.Customer)).Replace(c.path)
		for _, body := range strange {
			res := b.raw(c.method, path, []byte(body), map[string]string{"Sec-Fetch-Site": "same-origin"})
			res.Body.Close()
			if res.StatusCode >= 500 {
				t.Errorf("%s %s %.60q: %d", c.method, path, body, res.StatusCode)
			}
		}
		res := b.raw(c.method, path, []byte(`{"text":"`+strings.Repeat("a", maxBody)+`"}`), nil)
		res.Body.Close()
		if res.StatusCode != 413 && res.StatusCode != 404 {
			t.Errorf("%s %s: a body of %d bytes: %d", c.method, path, maxBody, res.StatusCode)
		}
		res = b.raw(c.method, path, []byte(`{}`), map[string]string{"Content-Type": "text/plain"})
		res.Body.Close()
		if res.StatusCode != 415 && res.StatusCode != 404 {
			t.Errorf("%s %s as text: %d", c.method, path, res.StatusCode)
		}
	}
	after, err := r.ledger.Conversation(t.Context(), conv.ID)
	if err != nil || after.LastSeq != conv.LastSeq {
		t.Errorf("something was written: %+v, %v", after, err)
	}
}

// FuzzReply: a reply is decoded and checked without a panic, and one that is accepted has what it needs.
func FuzzReply(f *testing.F) {
	for _, s := range strange {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var in wire.Reply
		if json.Unmarshal(body, &in) != nil {
			return
		}
		if err := checkReply(in); err == nil && (strings.TrimSpace(in.Text) == "" || len(in.Text) > mostText || len(in.ClientID) != 36) {
			t.Fatalf("accepted: %+v", in)
		}
	})
}

func TestListsAreNeverNull(t *testing.T) {
	for _, v := range []any{
		wire.Work{}, wire.Directory{}, wire.Thread{}, wire.Timeline{}, wire.RuleCheck{Facts: []wire.Fact{{}}}, []wire.SearchHit(nil),
		wire.ReplyResult{Held: &wire.HeldReply{}}, inbox.Conversation{}, wire.AgentEntry{},
	} {
		data, err := json.Marshal(complete(v))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(data), "null") {
			t.Errorf("%T: %s", v, data)
		}
	}
	if complete(nil) != nil || !reflect.DeepEqual(complete(struct{ A []int }{}), struct{ A []int }{[]int{}}) {
		t.Error("completed wrongly")
	}
}
