package agentui

import (
	"strconv"
	"testing"

	"sportello/agentui/wire"
	"sportello/inbox"
	"sportello/inbox/inboxtest"
	"sportello/router/roster"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func TestRulesAreForManagers(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	anna, mara := r.as("anna"), r.as("mara")
	for path, method := range map[string]string{"/api/rules": "GET", "/api/rules/versions": "GET", "/api/rules/check": "POST"} {
		if code := anna.do(method, path, wire.CheckRules{}, nil); code != 403 {
			t.Errorf("%s: %d", path, code)
		}
	}
	if code := anna.do("POST", "/api/rules", wire.PublishRules{ClientID: newID()}, nil); code != 403 {
		t.Errorf("publish: %d", code)
	}
	var set wire.RuleSet
	if code := mara.do("GET", "/api/rules", nil, &set); code != 200 || set.Version != 1 {
		t.Fatalf("%d %+v", code, set)
	}
	in := wire.PublishRules{ClientID: newID(), Base: 1, Message: "prova", Rules: []wire.Rule{{Name: "tutto", Queue: "support", Priority: 50}}}
	for range 2 {
		if code := mara.do("POST", "/api/rules", in, &set); code != 200 || set.Version != 2 || set.Author != "mara" {
			t.Errorf("%d %+v", code, set)
		}
	}
	var p wire.Problem
	in.ClientID = newID()
	if code := mara.do("POST", "/api/rules", in, &p); code != 409 || p.Code != "version_conflict" {
		t.Errorf("%d %+v", code, p)
	}
	var bad struct {
		wire.Problem
		wire.RuleCheck
	}
	in = wire.PublishRules{ClientID: newID(), Base: 2, Rules: []wire.Rule{{Name: "x", When: "nonsense ==", Queue: "sales", Priority: 50}}}
	if code := mara.do("POST", "/api/rules", in, &bad); code != 422 || bad.Code != "bad_rules" || len(bad.Problems) == 0 || len(bad.Facts) == 0 {
		t.Errorf("%d %+v", code, bad)
	}
	var all []wire.RuleSet
	if mara.do("GET", "/api/rules/versions", nil, &all); len(all) != 2 || all[0].Version != 2 {
		t.Errorf("%+v", all)
	}
}

// Who may do what, line by line.
func TestPolicy(t *testing.T) {
	anna := roster.Agent{ID: "anna", Role: roster.RoleAgent, Queues: []inbox.QueueID{"sales"}}
	mara := roster.Agent{ID: "mara", Role: roster.RoleManager}
	hers := inbox.Conversation{Assignee: "anna", Queue: "support"}
	queued := inbox.Conversation{Queue: "sales"}
	foreign := inbox.Conversation{Assignee: "bruno", Queue: "support"}
	fresh := inbox.Conversation{}
	once := inbox.Conversation{Sticky: "anna", Queue: "support"}
	for _, c := range []struct {
		v    verb
		c    inbox.Conversation
		want bool
	}{
		{verbRead, foreign, true}, {verbNote, foreign, true},
		{verbReply, hers, true}, {verbReply, queued, false}, {verbReply, foreign, false}, {verbReply, fresh, false},
		{verbClose, hers, true}, {verbClose, foreign, false}, {verbClose, queued, false},
		{verbTransfer, hers, true}, {verbTransfer, queued, true}, {verbTransfer, foreign, false}, {verbTransfer, fresh, false},
		{verbTake, queued, true}, {verbTake, foreign, false}, {verbTake, fresh, false},
		{verbReopen, once, true}, {verbReopen, queued, true}, {verbReopen, foreign, false},
		{verbRules, fresh, false}, {"unheard of", hers, false},
	} {
		if got := may(anna, c.v, c.c); got != c.want {
			t.Errorf("anna may %s %+v: %v", c.v, c.c, got)
		}
		if !may(mara, c.v, c.c) {
			t.Errorf("mara may not %s %+v", c.v, c.c)
		}
	}
}

func TestOthersConversationsAreNotAnswered(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	conv := r.mine("anna", "cliente@example.it")
	carla := r.as("carla")
	path := "/api/conversations/" + string(conv.ID)
	for verb, in := range map[string]any{
		"reply":    wire.Reply{ClientID: newID(), Text: "x"},
		"take":     wire.Command{ClientID: newID()},
		"transfer": wire.Transfer{ClientID: newID(), Queue: "support"},
		"close":    wire.Close{ClientID: newID(), Disposition: "spam"},
		"reopen":   wire.Command{ClientID: newID()},
	} {
		if code := carla.do("POST", path+"/"+verb, in, nil); code != 403 {
			t.Errorf("%s: %d", verb, code)
		}
	}
	if code := carla.do("GET", path, nil, nil); code != 200 {
		t.Errorf("read: %d", code)
	}
	after, err := r.ledger.Conversation(t.Context(), conv.ID)
	if err != nil || after.LastSeq != conv.LastSeq {
		t.Errorf("something was written: %+v, %v", after, err)
	}
}
