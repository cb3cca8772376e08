package router

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/live"
)

var noon = time.Date(2026, 5, 12, 12, 0, 0, 0, time.UTC)

func agent(id string, idle time.Duration) live.AgentState {
	return live.AgentState{
		Profile: live.Profile{ID: inbox.AgentID(id), Name: id, Queues: []inbox.QueueID{"vendite"}, Factor: 1,
			Capacity: map[channels.Kind]int{channels.Chat: 3, channels.SMS: 4, channels.Email: 5}},
		Presence: live.Available, Connected: true, IdleSince: noon.Add(-idle), Load: map[channels.Kind]int{},
	}
}

func item(id string, kind channels.Kind, waits time.Duration) live.Item {
	return live.Item{Conversation: inbox.Conversation{ID: inbox.ConversationID(id), Kind: kind, State: inbox.Waiting, Queue: "vendite",
		Priority: 50, QueuedAt: noon.Add(-waits), CreatedAt: noon.Add(-waits)}}
}

func pairs(ps []Pairing) map[inbox.ConversationID]inbox.AgentID {
	out := map[inbox.ConversationID]inbox.AgentID{}
	for _, p := range ps {
		out[p.Conversation.ID] = p.Agent
	}
	return out
}

func one(t *testing.T, s live.Snapshot) Pairing {
	t.Helper()
	ps := Match(s, DefaultPolicy(), noon)
	if len(ps) != 1 {
		t.Fatalf("%d pairings", len(ps))
	}
	return ps[0]
}

func TestA1LongestIdleIsChosen(t *testing.T) {
	s := live.Snapshot{Waiting: []live.Item{item("c", channels.Chat, time.Minute)},
		Agents: []live.AgentState{agent("anna", 2*time.Minute), agent("lea", 6*time.Minute), agent("marco", 4*time.Minute)}}
	p := one(t, s)
	if p.Agent != "lea" || p.Decision.Reason != ReasonLongestIdle || p.Decision.IdleSeconds != 360 || p.Decision.WaitSeconds != 60 {
		t.Errorf("%+v", p)
	}
	if p.Mode != ModeOffer || p.Time != 20*time.Second {
		t.Errorf("mode %s, time %s", p.Mode, p.Time)
	}
	s.Agents[1].Factor = 3
	if p := one(t, s); p.Time != time.Minute {
		t.Errorf("an agent who needs three times as long gets %s", p.Time)
	}
}

// The decision names the skills that were asked for, with the levels of the one who was chosen.
func TestDecisionNamesTheSkills(t *testing.T) {
	s := live.Snapshot{Waiting: []live.Item{item("c", channels.Chat, time.Minute)}, Agents: []live.AgentState{agent("anna", 0)}}
	s.Waiting[0].Skills = []inbox.Requirement{{Skill: "italiano", Level: 2}}
	s.Agents[0].Skills = []inbox.Requirement{{Skill: "inglese", Level: 5}, {Skill: "italiano", Level: 4}}
	if d := one(t, s).Decision; len(d.Skills) != 1 || d.Skills[0] != s.Agents[0].Skills[1] {
		t.Errorf("%+v", d)
	}
}

func TestD3TiesAreBrokenByID(t *testing.T) {
	s := live.Snapshot{Waiting: []live.Item{item("b", channels.Chat, 0), item("a", channels.Chat, 0)},
		Agents: []live.AgentState{agent("marco", 0), agent("anna", 0)}}
	ps := Match(s, DefaultPolicy(), noon)
	if ps[0].Conversation.ID != "a" || ps[0].Agent != "anna" || ps[1].Conversation.ID != "b" || ps[1].Agent != "marco" {
		t.Errorf("%v", pairs(ps))
	}
}

func TestExclusionsCarryTheirCode(t *testing.T) {
	for code, change := range map[string]func(a *live.AgentState, it *live.Item){
		AtCapacity:  func(a *live.AgentState, _ *live.Item) { a.Load[channels.Chat] = 3 },
		Away:        func(a *live.AgentState, _ *live.Item) { a.Presence = live.Away },
		Unreachable: func(a *live.AgentState, _ *live.Item) { a.Connected = false },
		NotInQueue:  func(a *live.AgentState, _ *live.Item) { a.Queues = []inbox.QueueID{"assistenza"} },
		NoSkill:     func(_ *live.AgentState, it *live.Item) { it.Skills = []inbox.Requirement{{Skill: "tedesco", Level: 2}} },
		MissedThis: func(_ *live.AgentState, it *live.Item) {
			it.Excluded = map[inbox.AgentID]time.Time{"anna": noon.Add(10 * time.Minute)}
		},
		SkillTooLow: func(a *live.AgentState, it *live.Item) {
			a.Skills = []inbox.Requirement{{Skill: "tedesco", Level: 1}}
			it.Skills = []inbox.Requirement{{Skill: "tedesco", Level: 2}}
		},
	} {
		t.Run(code, func(t *testing.T) {
			a, it := agent("anna", time.Minute), item("c", channels.Chat, time.Minute)
			change(&a, &it)
			p := one(t, live.Snapshot{Waiting: []live.Item{it}, Agents: []live.AgentState{a}})
			if p.Agent != "" || p.Decision.Reason != ReasonNobody {
				t.Fatalf("%+v", p)
			}
			if len(p.Decision.Excluded) != 1 || p.Decision.Excluded[0].Code != code || p.Decision.Excluded[0].Count != 1 {
				t.Errorf("%+v", p.Decision.Excluded)
			}
		})
	}
}

func TestOneOfferAtATimeButMailIsAssignedBesides(t *testing.T) {
	offered := item("x", channels.Chat, time.Minute)
	offered.Offer = &live.Offer{ID: "o", Agent: "anna"}
	s := live.Snapshot{Agents: []live.AgentState{agent("anna", time.Minute)},
		Waiting: []live.Item{offered, item("chat", channels.Chat, time.Minute), item("mail", channels.Email, time.Minute)}}
	ps := Match(s, DefaultPolicy(), noon)
	if diff := cmp.Diff(map[inbox.ConversationID]inbox.AgentID{"chat": "", "mail": "anna"}, pairs(ps)); diff != "" {
		t.Error(diff)
	}
	for _, p := range ps {
		if p.Conversation.ID == "chat" && p.Decision.Excluded[0].Code != OfferPending {
			t.Errorf("%+v", p.Decision.Excluded)
		}
		if p.Conversation.ID == "mail" && p.Mode != ModeAssign {
			t.Errorf("mail by %s", p.Mode)
		}
	}
}

func TestMailThatComesTogetherIsSharedOut(t *testing.T) {
	s := live.Snapshot{Agents: []live.AgentState{agent("anna", time.Hour), agent("lea", time.Minute)},
		Waiting: []live.Item{item("a", channels.Email, 2*time.Minute), item("b", channels.Email, time.Minute)}}
	if diff := cmp.Diff(map[inbox.ConversationID]inbox.AgentID{"a": "anna", "b": "lea"}, pairs(Match(s, DefaultPolicy(), noon))); diff != "" {
		t.Error(diff)
	}
}

func TestWhatWasAcceptedIsNoOfferAnyMore(t *testing.T) {
	accepted := item("x", channels.Chat, time.Minute)
	accepted.Offer = &live.Offer{ID: "o", Agent: "anna", Claimed: true}
	s := live.Snapshot{Agents: []live.AgentState{agent("anna", time.Minute)}, Waiting: []live.Item{accepted, item("next", channels.Chat, 0)}}
	if p := one(t, s); p.Conversation.ID != "next" || p.Agent != "anna" {
		t.Errorf("%+v", p)
	}
}

func TestA2StickyAgentIsPreferredAndBrieflyWaitedFor(t *testing.T) {
	it := item("c", channels.Chat, 30*time.Second)
	it.Sticky = "anna"
	s := live.Snapshot{Waiting: []live.Item{it}, Agents: []live.AgentState{agent("anna", time.Second), agent("lea", time.Hour)}}
	if p := one(t, s); p.Agent != "anna" || p.Decision.Reason != ReasonSticky {
		t.Errorf("free: %+v", p)
	}
	s.Agents[0].Load[channels.Chat] = 3
	if p := one(t, s); p.Agent != "" || p.Decision.Reason != ReasonStickyWait || p.Decision.AgentName != "anna" {
		t.Errorf("full, early: %+v", p)
	}
	s.Waiting[0].QueuedAt = noon.Add(-46 * time.Second)
	if p := one(t, s); p.Agent != "lea" {
		t.Errorf("full, late: %+v", p)
	}
	s.Waiting[0].QueuedAt, s.Agents[0].Presence = noon, live.Away
	if p := one(t, s); p.Agent != "lea" {
		t.Errorf("away: %+v", p)
	}
	s.Agents[0] = agent("anna", time.Second)
	s.Waiting[0].LastOutAt = noon.Add(-73 * time.Hour)
	if p := one(t, s); p.Agent != "lea" {
		t.Errorf("too long ago: %+v", p)
	}
}

func TestTransferToAnAgentReachesHimOutsideHisQueues(t *testing.T) {
	a := agent("anna", time.Minute)
	a.Queues = nil
	it := item("c", channels.Chat, time.Hour)
	it.Sticky = "anna"
	if p := one(t, live.Snapshot{Waiting: []live.Item{it}, Agents: []live.AgentState{a, agent("lea", time.Hour)}}); p.Agent != "anna" {
		t.Errorf("%+v", p)
	}
}

func TestO3WhenEverybodyDeclinedTheyAreAskedOnceMoreLater(t *testing.T) {
	it := item("c", channels.Chat, 5*time.Minute)
	p := DefaultPolicy()
	declined := func(ago time.Duration) time.Time { return noon.Add(p.Cooldown - ago) }
	it.Excluded = map[inbox.AgentID]time.Time{"anna": declined(2 * time.Minute), "lea": declined(10 * time.Second)}
	s := live.Snapshot{Waiting: []live.Item{it}, Agents: []live.AgentState{agent("anna", time.Minute), agent("lea", time.Hour)}}
	if got := one(t, s); got.Agent != "anna" || !got.Forgive {
		t.Errorf("everybody declined: %+v", got)
	}
	full := agent("marco", time.Hour)
	full.Load[channels.Chat] = 3
	s.Agents = append(s.Agents, full)
	if got := one(t, s); got.Agent != "" {
		t.Errorf("somebody is here who has not been asked: %+v", got)
	}
	s.Agents = s.Agents[:2]
	s.Waiting[0].Excluded["anna"] = declined(30 * time.Second)
	if got := one(t, s); got.Agent != "" {
		t.Errorf("asked again at once: %+v", got)
	}
}

// The room of a conversation is that of the channel the customer writes on now.
func TestRoomIsThatOfTheLastChannel(t *testing.T) {
	it := item("c", channels.Email, time.Minute)
	it.LastKind = channels.Chat
	a := agent("anna", time.Minute)
	a.Load[channels.Email] = 5
	if p := one(t, live.Snapshot{Waiting: []live.Item{it}, Agents: []live.AgentState{a}}); p.Agent != "anna" || p.Mode != ModeOffer {
		t.Errorf("%+v", p)
	}
}
