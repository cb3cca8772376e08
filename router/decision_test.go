package router

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"sportello/inbox"
)

func TestDecisionIsAtMostOneKilobyte(t *testing.T) {
	long := strings.Repeat("è", 80)
	d := inbox.Decision{RulesVersion: 41, Rule: long, RuleIndex: 200, Queue: "vendite", Agent: inbox.AgentID(strings.Repeat("a", 36)),
		AgentName: long, Reason: ReasonLongestIdle, IdleSeconds: 1 << 40, WaitSeconds: 1 << 40, Offer: strings.Repeat("b", 36), Expires: time.Now()}
	for range 20 {
		d.Skills = append(d.Skills, inbox.Requirement{Skill: long, Level: 3})
	}
	for i := range 200 {
		d.Skipped = append(d.Skipped, inbox.SkippedRule{Index: i + 1, Name: long})
	}
	for _, code := range codes {
		d.Excluded = append(d.Excluded, inbox.ExcludedAgents{Code: code, Agents: []string{long, long, long, long, long}, Count: 500})
	}
	got := Fit(d)
	raw, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if len(raw) > MaxDecision {
		t.Errorf("%d bytes", len(raw))
	}
	if got.RuleIndex != 200 || got.RulesVersion != 41 || got.Agent != d.Agent || len(got.Excluded) != len(codes) || got.Excluded[0].Count != 500 {
		t.Errorf("what it is recomputed from is gone: %+v", got)
	}
	if !utf8.ValidString(got.AgentName) {
		t.Errorf("cut within a character: %q", got.AgentName)
	}
	if len(d.Excluded[0].Agents) != 5 || len(d.Skipped) != 200 {
		t.Error("the argument was changed")
	}
}

func TestDecisionAsASentence(t *testing.T) {
	excluded := []inbox.ExcludedAgents{{Code: AtCapacity, Agents: []string{"Marco", "Lea"}, Count: 4}, {Code: NotInQueue, Agents: []string{}, Count: 11}}
	for _, c := range []struct {
		d      inbox.Decision
		it, en string
	}{
		{inbox.Decision{Agent: "a", AgentName: "Anna", Reason: ReasonLongestIdle, IdleSeconds: 380, Offer: "o", Excluded: excluded},
			"Offerta ad Anna perché era la persona libera da più tempo (6 min). Marco, Lea, altre 2 persone: al completo. Altre 11 persone: fuori coda.",
			"Offered to Anna because they had been free the longest (6 min). Marco, Lea, 2 others: at capacity. 11 others: not in the queue."},
		{inbox.Decision{Agent: "m", AgentName: "Marco", Reason: ReasonSticky},
			"Assegnata a Marco perché l'aveva già seguita.", "Assigned to Marco because they had it before."},
		{inbox.Decision{Reason: ReasonNobody, WaitSeconds: 7300, Excluded: []inbox.ExcludedAgents{{Code: Away, Agents: []string{"Anna"}, Count: 1}}},
			"In attesa da 2 h: nessuno può prenderla ora. Anna: assente.", "Waiting for 2 h: nobody can take it now. Anna: away."},
		{inbox.Decision{Reason: ReasonRule, Rule: "Oro", RuleIndex: 3, Queue: "vip"},
			"In coda vip per la regola 3, «Oro».", "Queued in vip by rule 3, “Oro”."},
		{inbox.Decision{Reason: ReasonRule, RuleIndex: 4, Queue: "vip"},
			"In coda vip perché nessun'altra regola valeva.", "Queued in vip because no other rule matched."},
		{inbox.Decision{Reason: ReasonStickyWait, AgentName: "Lea", WaitSeconds: 5},
			"In attesa da 5 s: aspetta Lea, che l'aveva già seguita.", "Waiting for 5 s: held for Lea, who had it before."},
		{inbox.Decision{Agent: "a", AgentName: "Anna", Reason: ReasonLongestIdle, IdleSeconds: 380, Offer: "o",
			Skills: []inbox.Requirement{{Skill: "italiano", Level: 4}}},
			"Offerta ad Anna perché parla italiano (4) ed era la persona libera da più tempo (6 min).",
			"Offered to Anna because they speak italiano (4) and they had been free the longest (6 min)."},
		{inbox.Decision{Agent: "m", AgentName: "Marco", Reason: ReasonOnlyOne, Skills: []inbox.Requirement{{Skill: "Tedesco", Level: 5}, {Skill: "fatture", Level: 2}}},
			"Assegnata a Marco perché parla Tedesco (5), conosce fatture (2) e nessun altro poteva prenderla.",
			"Assigned to Marco because they speak Tedesco (5), they know fatture (2) and nobody else could take it."},
		{inbox.Decision{Agent: "m", AgentName: "Marco", Reason: "transferred", Skills: []inbox.Requirement{{Skill: "it", Level: 1}}},
			"Assegnata a Marco perché conosce it (1).", "Assigned to Marco because they know it (1)."},
		{inbox.Decision{Agent: "x1", Reason: "transferred"}, "Assegnata a x1.", "Assigned to x1."},
	} {
		if got := Sentence(c.d, "it-IT"); got != c.it {
			t.Errorf("it: %s\nwant %s", got, c.it)
		}
		if got := Sentence(c.d, "en"); got != c.en {
			t.Errorf("en: %s\nwant %s", got, c.en)
		}
	}
}

func TestEveryCodeHasWordsInBothLanguages(t *testing.T) {
	for _, code := range codes {
		if italian.codes[code] == "" || english.codes[code] == "" {
			t.Errorf("%s has no words", code)
		}
	}
}
