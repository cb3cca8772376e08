package router

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sportello/channels"
	"sportello/inbox"
)

var queues = []inbox.QueueID{"vendite", "assistenza"}

func last(q inbox.QueueID) Rule { return Rule{Queue: q, Priority: 50} }

func TestCompileNamesTheProblemAndItsPlace(t *testing.T) {
	ok := last("vendite")
	for name, c := range map[string]struct {
		rules []Rule
		want  RuleProblem
	}{
		"syntax":       {[]Rule{{When: `channel == `, Queue: "vendite"}, ok}, RuleProblem{Index: 0, Field: "when", Code: ProblemSyntax, Column: 10, Fatal: true}},
		"unknown name": {[]Rule{{When: `hour > 8 and chanel == "chat"`, Queue: "vendite"}, ok}, RuleProblem{Field: "when", Code: ProblemUnknownFact, Column: 14, Fatal: true}},
		"unknown field": {[]Rule{{When: `customer.age > 8`, Queue: "vendite"}, ok},
			RuleProblem{Field: "when", Code: ProblemUnknownFact, Column: 10, Fatal: true}},
		"type":          {[]Rule{{When: `hour == "chat"`, Queue: "vendite"}, ok}, RuleProblem{Field: "when", Code: ProblemType, Column: 6, Fatal: true}},
		"not a yes":     {[]Rule{{When: `hour + 1`, Queue: "vendite"}, ok}, RuleProblem{Field: "when", Code: ProblemType, Fatal: true}},
		"unknown queue": {[]Rule{last("nessuna")}, RuleProblem{Field: "queue", Code: ProblemUnknownQueue, Detail: "nessuna", Fatal: true}},
		"priority":      {[]Rule{{Queue: "vendite", Priority: 101}}, RuleProblem{Field: "priority", Code: ProblemRange, Fatal: true}},
		"skill level": {[]Rule{{Queue: "vendite", Skills: []inbox.Requirement{{Skill: "tedesco", Level: 6}}}},
			RuleProblem{Field: "skills", Code: ProblemRange, Detail: "tedesco", Fatal: true}},
		"skill name": {[]Rule{{Queue: "vendite", Skills: []inbox.Requirement{{Level: 3}}}},
			RuleProblem{Field: "skills", Code: ProblemRequired, Fatal: true}},
		"long condition": {[]Rule{{When: strings.Repeat("hour == 1 or ", 90) + "returning", Queue: "vendite"}, ok},
			RuleProblem{Field: "when", Code: ProblemTooLong, Column: MaxWhen + 1, Fatal: true}},
		"wide condition": {[]Rule{{When: strings.Repeat("!", 300) + "returning", Queue: "vendite"}, ok},
			RuleProblem{Field: "when", Code: ProblemTooLong, Fatal: true}},
		"last not always": {[]Rule{{When: "returning", Queue: "vendite"}}, RuleProblem{Field: "list", Code: ProblemLastNotAlways, Fatal: true}},
		"none":            {nil, RuleProblem{Field: "list", Code: ProblemLastNotAlways, Fatal: true}},
		"shadowed by an always-true rule": {[]Rule{{When: "1 == 1", Queue: "vendite"}, ok},
			RuleProblem{Index: 1, Field: "when", Code: ProblemUnreachable, Detail: "1"}},
		"shadowed by the same condition": {[]Rule{{When: "returning", Queue: "vendite"}, {When: " returning ", Queue: "assistenza"}, ok},
			RuleProblem{Index: 1, Field: "when", Code: ProblemUnreachable, Detail: "1"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := Compile(c.rules, queues)
			if len(problems) != 1 {
				t.Fatalf("problems %+v, want one", problems)
			}
			got := problems[0]
			if c.want.Detail == "" {
				got.Detail = "" // the compiler's words
			}
			if c.want.Column == 0 {
				got.Column = 0
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestConditionsHaveNoLoopsNoClockAndNoBombs(t *testing.T) {
	for _, when := range []string{
		`reduce(1..90000, #acc + 1, 0) > 0`, `now().Hour() > 8`, `all(1..100000, # > 0)`, `repeat(text, 100000) == ""`,
		`len(map(1..10, #)) == 10`, `date("2026-01-01").Year() == 2026`, `toJSON(customer) == ""`, `filter([1], # > 0) == []`,
	} {
		if _, problems := Compile([]Rule{{When: when, Queue: "vendite"}, last("vendite")}, queues); !Fatal(problems) {
			t.Errorf("%s compiles", when)
		}
	}
}

func TestFactListIsWhatCompiles(t *testing.T) {
	for _, f := range FactList() {
		if _, problems := Compile([]Rule{{When: f.Example, Queue: "vendite"}, last("vendite")}, queues); len(problems) > 0 {
			t.Errorf("%s: %+v", f.Name, problems)
		}
		if !strings.Contains(f.Example, f.Name) {
			t.Errorf("the example of %s does not use it", f.Name)
		}
	}
}

func TestEvaluateTakesTheFirstThatMatches(t *testing.T) {
	rules := []Rule{
		{Name: "oro", When: `customer.tier == "gold"`, Queue: "vendite", Priority: 80, Skills: []inbox.Requirement{{Skill: "italiano", Level: 3}}},
		{Name: "notte", When: `hour in 20..23 or hour < 8`, Queue: "assistenza", Priority: 40},
		last("assistenza"),
	}
	compiled, problems := Compile(rules, queues)
	if len(problems) > 0 {
		t.Fatalf("%+v", problems)
	}
	gold := Evaluate(compiled, Facts{Customer: CustomerFacts{Tier: "gold"}, Hour: 22})
	if diff := cmp.Diff(Outcome{Queue: "vendite", Priority: 80, Skills: rules[0].Skills, Rule: "oro", RuleIndex: 1}, gold); diff != "" {
		t.Error(diff)
	}
	night := Evaluate(compiled, Facts{Hour: 22})
	if diff := cmp.Diff(Outcome{Queue: "assistenza", Priority: 40, Rule: "notte", RuleIndex: 2,
		Skipped: []inbox.SkippedRule{{Index: 1, Name: "oro"}}}, night); diff != "" {
		t.Error(diff)
	}
	if day := Evaluate(compiled, Facts{Hour: 12}); day.RuleIndex != 3 || day.Rule != "" || day.Priority != 50 {
		t.Errorf("day: %+v", day)
	}
}

func TestConditionThatFailsDoesNotMatchAndIsNoted(t *testing.T) {
	compiled, problems := Compile([]Rule{{Name: "guasta", When: `text matches subject`, Queue: "vendite"}, last("assistenza")}, queues)
	if len(problems) > 0 {
		t.Fatalf("%+v", problems)
	}
	out := Evaluate(compiled, Facts{Subject: "(", Text: "x"})
	if out.Queue != "assistenza" || len(out.Failed) != 1 || out.Failed[0].Index != 1 {
		t.Errorf("%+v", out)
	}
}

func TestFactsAreOfTheHouseZone(t *testing.T) {
	rome, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 28, 23, 30, 0, 0, time.UTC) // Sunday 0:30 in Rome, the night of the change to summer time
	f := FactsOf(inbox.Conversation{Kind: channels.Chat, CreatedAt: at.Add(-90 * time.Second), Previous: "x"}, at, rome)
	if f.Hour != 0 || f.Weekday != "sun" || f.WaitingMinutes != 1 || !f.Returning || f.Channel != "chat" {
		t.Errorf("%+v", f)
	}
	if f := FactsOf(inbox.Conversation{CreatedAt: at.Add(time.Hour)}, at, nil); f.WaitingMinutes != 0 {
		t.Errorf("waited %d minutes before it came", f.WaitingMinutes)
	}
}

// FuzzCompile: whatever a manager pastes compiles or is a problem, and what compiles ends.
func FuzzCompile(f *testing.F) {
	for _, fact := range FactList() {
		f.Add(fact.Example)
	}
	f.Add(`hour in 1..100000000`)
	f.Add(`[1,2][hour] > 1 ?? false`)
	f.Add(`let x = text; x matches "(a+)+$"`)
	f.Fuzz(func(t *testing.T, when string) {
		compiled, problems := Compile([]Rule{{When: when, Queue: "vendite"}, last("assistenza")}, queues)
		if Fatal(problems) {
			return
		}
		begun := time.Now()
		out := Evaluate(compiled, Facts{Channel: "chat", Text: strings.Repeat("a", 140), Hour: 13, Weekday: "mon"})
		if out.RuleIndex == 0 {
			t.Errorf("no rule matched")
		}
		if took := time.Since(begun); took > 2*time.Second {
			t.Errorf("%q took %s", when, took)
		}
	})
}
