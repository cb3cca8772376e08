package hub

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sportello/channels/chat"
	"sportello/channels/socket"
	"sportello/inbox"
	"sportello/inbox/db"
	"sportello/inbox/inboxtest"
	"sportello/inbox/live"
	"sportello/router/roster"
)

func visitorID(n int) string { return fmt.Sprintf("%032x", n) }

// C18: a socket that is cut and comes back has every entry once, in order, with no other screen's.
func TestC18ResumeGivesEveryEntryOnceInOrder(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		c := r.follow("anna")
		conv := r.write(visitorID(1), "0")
		r.place(conv, "sales")
		other := r.write(visitorID(2), "of support")
		r.place(other, "support")
		var want []string
		for n := 1; n <= 60; n++ {
			want = append(want, fmt.Sprint(n))
			r.write(visitorID(1), want[n-1])
			r.write(visitorID(2), "not for anna "+want[n-1])
			if n%20 == 7 { // cut in the middle, sometimes without having read
				if n > 20 {
					c.hears(want[n-3])
				}
				_ = c.ws.Close()
			}
			if n%20 == 13 {
				var w Welcome
				if c, w = r.resume(c); w.Reset {
					t.Fatal("told to load anew after a short cut")
				}
			}
		}
		c.hears("60")
		got := slices.DeleteFunc(c.texts, func(s string) bool { return s == "0" })
		if !slices.Equal(got, want) {
			t.Errorf("got %v", got)
		}
	})
}

func TestHelloOfAnotherEpochIsReset(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	c := r.connect("anna")
	if w := c.hello(); !w.Reset {
		t.Error("a hello without a position is not reset")
	}
	c.epoch, c.offset = "no such epoch", 3
	if w := c.hello(); !w.Reset {
		t.Error("a foreign epoch is not reset")
	}
	head, err := r.live.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c.epoch, c.offset = head.Epoch, head.Offset+1000
	if w := c.hello(); !w.Reset {
		t.Error("a position of the future is not reset")
	}
	c.epoch, c.offset = head.Epoch, head.Offset
	if w := c.hello(); w.Reset {
		t.Error("the head is reset")
	}
}

// Promise 2: after a flush the agents are announced again, with what they chose, and the sockets are told to load anew and resume.
func TestFlushIsSurvivedWithoutReconnecting(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		c := r.follow("anna")
		inboxtest.Until(r.t, "anna is here and goes to lunch", func() bool { // the socket is answered before its lease is noted
			_, err := r.live.SetPresence(t.Context(), "anna", live.Away, "lunch")
			return err == nil
		})
		for e := (EntryFrame{}); !strings.Contains(string(e.Entry.Event), "lunch"); { // the hub has heard of it
			c.next(FrameEntry, &e)
		}
		r.waiting(visitorID(1), "sales")
		c.hears("a")
		r.redis.FlushAll()
		start := time.Now()
		var w Welcome
		for c.next(FrameWelcome, &w); !w.Reset; {
			c.next(FrameWelcome, &w)
		}
		if took := time.Since(start); took > 4*time.Second {
			t.Errorf("told after %s", took)
		}
		var state live.AgentState
		inboxtest.Until(r.t, "anna is announced", func() bool {
			agents, err := r.live.Agents(t.Context())
			i := slices.IndexFunc(agents, func(a live.AgentState) bool { return a.ID == "anna" })
			if err != nil || i < 0 {
				return false
			}
			state = agents[i]
			return true
		})
		if state.Presence != live.Away || state.Reason != "lunch" || !state.Connected {
			t.Errorf("announced as %s %q, connected %v", state.Presence, state.Reason, state.Connected)
		}
		work, err := r.live.Work(t.Context(), "anna") // what the screen loads
		if err != nil {
			t.Fatal(err)
		}
		c.epoch, c.offset = work.Position.Epoch, work.Position.Offset
		if w := c.hello(); w.Reset {
			t.Fatal("reset again")
		}
		r.write(visitorID(1), "after")
		c.hears("after")
	})
}

func TestAudience(t *testing.T) {
	anna := roster.Agent{ID: "anna", Role: roster.RoleAgent, Queues: []inbox.QueueID{"sales"}}
	mara := roster.Agent{ID: "mara", Role: roster.RoleManager}
	for _, c := range []struct {
		name       string
		view       inbox.ConversationID
		e          live.Entry
		anna, mara bool
	}{
		{"of her queue", "", live.Entry{Conversation: "c", Audience: live.Audience{Queue: "sales"}}, true, true},
		{"of another queue", "", live.Entry{Conversation: "c", Audience: live.Audience{Queue: "support"}}, false, true},
		{"moved out of her queue", "", live.Entry{Conversation: "c", Audience: live.Audience{Queue: "support", FormerQueue: "sales"}}, true, true},
		{"hers in another queue", "", live.Entry{Conversation: "c", Audience: live.Audience{Queue: "support", Assignee: "anna"}}, true, true},
		{"taken from her", "", live.Entry{Conversation: "c", Audience: live.Audience{Queue: "support", Former: "anna"}}, true, true},
		{"on her screen", "c", live.Entry{Conversation: "c", Audience: live.Audience{Queue: "support"}}, true, true},
		{"new, without a queue", "", live.Entry{Conversation: "c"}, false, true},
		{"for all", "", live.Entry{Type: live.EntryAgent, Audience: live.Audience{All: true}}, true, true},
		{"of no conversation", "", live.Entry{Type: "x"}, false, true},
		{"her offer", "", live.Entry{Type: live.EntryOffer, Conversation: "c", Agent: "anna"}, true, false},
		{"somebody's offer", "c", live.Entry{Type: live.EntryOfferEnd, Conversation: "c", Agent: "bruno", Audience: live.Audience{Queue: "sales"}}, false, false},
	} {
		if got := Sees(&anna, c.view, c.e); got != c.anna {
			t.Errorf("%s: anna %v", c.name, got)
		}
		if got := Sees(&mara, "", c.e); got != c.mara {
			t.Errorf("%s: mara %v", c.name, got)
		}
	}
}

func TestOneAgentSeveralTabs(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	one, two := r.follow("anna"), r.follow("anna")
	r.waiting(visitorID(1), "sales")
	one.hears("a")
	two.hears("a")
	connected := func() bool {
		agents, err := r.live.Agents(t.Context())
		return err == nil && len(agents) == 1 && agents[0].Connected
	}
	_ = one.ws.Close()
	inboxtest.Until(r.t, "one socket is left", func() bool { return len(r.hub.all()) == 1 })
	if !connected() {
		t.Error("the agent is lost although a tab is open")
	}
	_ = two.ws.Close()
	inboxtest.Until(r.t, "the agent is lost", func() bool { return !connected() })
}

// REQ-RT2: a client that sends nothing is cut, though its TCP connection and its pongs are fine.
func TestHalfOpenSocketIsCut(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	quiet, honest := r.follow("anna"), r.follow("bruno")
	r.clock.Move(14 * time.Second)
	honest.send(Ack{T: FrameAck, Offset: honest.offset})
	inboxtest.Until(r.t, "the ack is heard", func() bool {
		return slices.ContainsFunc(r.hub.all(), func(p *peer) bool {
			r.hub.mu.Lock()
			defer r.hub.mu.Unlock()
			return p.agent.ID == "bruno" && r.clock.Now().Sub(p.heard) < 5*time.Second
		})
	})
	r.clock.Move(2 * time.Second)
	r.hub.ping()
	if code := quiet.closed(); code != int(socket.Silent) {
		t.Errorf("closed with %d", code)
	}
	var p Ping
	honest.next(FramePing, &p)
	if p.At == 0 {
		t.Error("the ping has no clock")
	}
}

// N15: also when the clock was set back by an hour, nobody keeps a line on which nothing is heard for an hour.
func TestN15HalfOpenSocketIsCutWhenTheClockIsSetBack(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	quiet := r.follow("anna")
	r.clock.Move(-time.Hour)
	r.hub.ping()
	if code := quiet.closed(); code != int(socket.Silent) {
		t.Errorf("closed with %d", code)
	}
}

func TestPingIsEncodedAsJSONDoes(t *testing.T) {
	for _, p := range []Ping{{T: FramePing}, {T: FramePing, At: 1_700_000_000_123, Offset: 1 << 50}} {
		want, err := json.Marshal(p)
		if got := p.encode(); err != nil || string(got) != string(want) {
			t.Errorf("%s, want %s: %v", got, want, err)
		}
	}
}

func TestStopDrainsAndForgetsNothing(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	c := r.follow("anna")
	go r.stop()
	if code := c.closed(); code != int(socket.Drain) {
		t.Errorf("closed with %d", code)
	}
	r.stop()
	if n := len(r.hub.all()); n != 0 {
		t.Errorf("%d sockets left", n)
	}
	agents, err := r.live.Agents(context.Background())
	if err != nil || len(agents) != 1 || agents[0].Connected {
		t.Errorf("%+v, %v", agents, err)
	}
}

func TestEndedSessionClosesItsSockets(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	anna, bruno := r.follow("anna"), r.follow("bruno")
	r.hub.Ended("session of anna")
	if code := anna.closed(); code != int(socket.Ended) {
		t.Errorf("closed with %d", code)
	}
	r.waiting(visitorID(1), "sales")
	bruno.hears("a")
}

func TestDisabledAgentLosesHisSockets(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	c := r.follow("anna")
	a, err := r.roster.Agent(t.Context(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	a.DisabledAt = time.Now()
	if _, err := r.roster.Update(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	r.clock.Move(2 * review)
	r.hub.review(t.Context())
	if code := c.closed(); code != int(socket.Unauthorized) {
		t.Errorf("closed with %d", code)
	}
}

// C15: who looks at a conversation and who types in it is seen by who else does, and ends with the tab.
func TestC15ViewingAndTyping(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	conv := r.waiting(visitorID(1), "sales")
	anna, mara := r.follow("anna"), r.follow("mara")
	anna.send(View{T: FrameView, Conversation: conv})
	inboxtest.Until(r.t, "anna's view is known", func() bool {
		r.hub.mu.Lock()
		defer r.hub.mu.Unlock()
		return len(r.hub.viewers[conv]) == 1
	})
	mara.send(View{T: FrameView, Conversation: conv})
	var s Signal
	mara.next(FrameSignal, &s)
	if s.What != WhatViewing || s.Who != "anna" || s.Name != "ANNA" || s.Conversation != conv {
		t.Errorf("mara sees %+v", s)
	}
	anna.next(FrameSignal, &s)
	if s.What != WhatViewing || s.Who != "mara" {
		t.Errorf("anna sees %+v", s)
	}
	mara.send(Typing{T: FrameTyping, Conversation: conv, Note: true})
	anna.next(FrameSignal, &s)
	if s.What != WhatTyping || s.Who != "mara" || !s.Note {
		t.Errorf("anna sees %+v", s)
	}
	r.hub.CustomerTyping(conv, "Visitor")
	anna.next(FrameSignal, &s)
	if s.What != WhatTyping || s.Who != WhoCustomer {
		t.Errorf("anna sees %+v", s)
	}
	_ = mara.ws.Close()
	anna.next(FrameSignal, &s)
	if s.What != WhatLeft || s.Who != "mara" {
		t.Errorf("anna sees %+v", s)
	}
}

// The customer is shown that the agent who has the conversation types, by his public name, and never that a note is written.
func TestCustomerSeesTheAgentType(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	pushes := make(chan chat.Push, 10)
	stop, err := r.live.Subscribe(t.Context(), chat.Topic("web", visitorID(1)), func(data []byte) {
		var p chat.Push
		if err := json.Unmarshal(data, &p); err != nil {
			t.Error(err)
		}
		pushes <- p
	})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	anna, bruno := r.follow("anna"), r.follow("bruno")
	conv := r.waiting(visitorID(1), "sales")
	r.assign(conv, "anna")
	r.write(visitorID(1), "b")
	anna.hears("b")
	bruno.hears("b")
	bruno.send(Typing{T: FrameTyping, Conversation: conv})
	anna.next(FrameSignal, nil)
	anna.send(View{T: FrameView, Conversation: conv})
	anna.send(Typing{T: FrameTyping, Conversation: conv})
	var got []string
	for len(got) < 2 {
		select {
		case p := <-pushes:
			got = append(got, p.Kind+" "+p.Name)
			if p.Epoch != string(conv) || p.Kind == chat.PushSeen && p.Seq == 0 {
				t.Errorf("%+v", p)
			}
		case <-time.After(patience):
			t.Fatalf("only %v", got)
		}
	}
	if want := []string{"seen ", "typing Public anna"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestMalformedFramesEndTheConnection(t *testing.T) {
	for _, bad := range []string{"no json", `{"t":"hello","offset":"x"}`, `[]`} {
		r := newRig(t, inboxtest.SQLite(t))
		c := r.connect("anna")
		if err := c.ws.WriteMessage(1, []byte(bad)); err != nil {
			t.Fatal(err)
		}
		if code := c.closed(); code != int(socket.Protocol) {
			t.Errorf("%s: closed with %d", bad, code)
		}
	}
}

func TestFarTooOldPositionIsReset(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	c := r.follow("anna")
	r.waiting(visitorID(1), "sales")
	c.hears("a")
	_ = c.ws.Close()
	old := c.offset
	c.offset = 0
	head, err := r.live.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if old == 0 || head.Offset < old {
		t.Fatalf("head %d, seen %d", head.Offset, old)
	}
	c.seen, c.texts = map[string]bool{}, nil
	again, w := r.resume(c)
	if w.Reset {
		t.Fatal("the beginning of a short feed can be replayed")
	}
	again.hears("a")
}
