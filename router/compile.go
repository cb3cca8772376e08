package router

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"sportello/inbox"
)

// Compiled is a list of rules ready to be evaluated. The zero value has no rules. It is safe for concurrent use.
type Compiled struct {
	Version int64
	rules   []compiledRule
}

type compiledRule struct {
	Rule
	always  bool
	program *vm.Program // nil when always, or when it does not compile: then it never matches
}

// Rules are the rules as they were given.
func (c Compiled) Rules() []Rule {
	rules := make([]Rule, len(c.rules))
	for i, r := range c.rules {
		rules[i] = r.Rule
	}
	return rules
}

// Compile checks rules and makes them ready. queues are the queues that exist. Problems come in the order of the rules; when one of
// them is Fatal the rules must not be put in force, but a test box may still evaluate what compiled.
func Compile(rules []Rule, queues []inbox.QueueID) (Compiled, []RuleProblem) {
	problems := []RuleProblem{}
	if len(rules) > MaxRules {
		return Compiled{}, append(problems, RuleProblem{Index: MaxRules, Field: "list", Code: ProblemTooLong, Fatal: true})
	}
	if len(rules) == 0 {
		return Compiled{}, append(problems, RuleProblem{Field: "list", Code: ProblemLastNotAlways, Fatal: true})
	}
	compiled := Compiled{rules: make([]compiledRule, len(rules))}
	shadow := map[string]int{} // condition → the first rule that has it
	always := -1
	for i, r := range rules {
		c, found := compileRule(i, r, queues)
		compiled.rules[i], problems = c, append(problems, found...)
		by, seen := shadow[strings.TrimSpace(r.When)]
		if always >= 0 {
			by, seen = always, true
		}
		if seen {
			problems = append(problems, RuleProblem{Index: i, Field: "when", Code: ProblemUnreachable, Detail: strconv.Itoa(by + 1)})
			continue
		}
		shadow[strings.TrimSpace(r.When)] = i
		if c.always {
			always = i
		}
	}
	if last := len(rules) - 1; !compiled.rules[last].always {
		problems = append(problems, RuleProblem{Index: last, Field: "list", Code: ProblemLastNotAlways, Fatal: true})
	}
	return compiled, problems
}

func compileRule(i int, r Rule, queues []inbox.QueueID) (compiledRule, []RuleProblem) {
	var problems []RuleProblem
	fatal := func(field, code, detail string) {
		problems = append(problems, RuleProblem{Index: i, Field: field, Code: code, Detail: detail, Fatal: true})
	}
	if utf8.RuneCountInString(r.Name) > MaxName {
		fatal("name", ProblemTooLong, "")
	}
	if !slices.Contains(queues, r.Queue) {
		fatal("queue", ProblemUnknownQueue, string(r.Queue))
	}
	if r.Priority < 0 || r.Priority > 100 {
		fatal("priority", ProblemRange, "")
	}
	if len(r.Skills) > MaxSkills {
		fatal("skills", ProblemTooLong, "")
	}
	for _, s := range r.Skills {
		switch {
		case s.Skill == "":
			fatal("skills", ProblemRequired, "")
		case s.Level < 0 || s.Level > 5:
			fatal("skills", ProblemRange, s.Skill)
		}
	}
	c := compiledRule{Rule: r}
	program, always, problem := compileWhen(r.When)
	if problem != nil {
		problem.Index, problem.Field, problem.Fatal = i, "when", true
		return c, append(problems, *problem)
	}
	c.program, c.always = program, always
	return c, problems
}

// compileWhen compiles a condition. The language has no loops, no clock and no way to build large values: only comparisons, the
// operators on text, and a few functions of one value.
func compileWhen(when string) (program *vm.Program, always bool, problem *RuleProblem) {
	when = strings.TrimSpace(when)
	if when == "" || when == "true" {
		return nil, true, nil
	}
	if utf8.RuneCountInString(when) > MaxWhen {
		return nil, false, &RuleProblem{Code: ProblemTooLong, Column: MaxWhen + 1}
	}
	tree, err := parser.ParseWithConfig(when, &conf.Config{MaxNodes: maxNodes})
	if err != nil {
		return nil, false, problemOf(err, ProblemSyntax)
	}
	var tame tamer
	if ast.Walk(&tree.Node, &tame); tame.problem != nil {
		return nil, false, tame.problem
	}
	program, err = expr.Compile(when, expr.Env(Facts{}), expr.AsBool(), expr.MaxNodes(maxNodes))
	if err != nil {
		return nil, false, problemOf(err, ProblemType)
	}
	if b, ok := program.Node().(*ast.BoolNode); ok && b.Value {
		return nil, true, nil
	}
	return program, false, nil
}

// functions are those that a condition may use: of one value or two, and quick whatever the value is.
var functions = []string{"len", "lower", "upper", "trim", "hasPrefix", "hasSuffix", "indexOf", "abs", "min", "max"}

// tamer finds what a condition must not contain: functions that loop, build, or ask for the time. The compiler's own option to
// disable functions does not reach those that take a predicate, such as reduce.
type tamer struct{ problem *RuleProblem }

// Visit implements ast.Visitor.
func (t *tamer) Visit(node *ast.Node) {
	name := ""
	switch n := (*node).(type) {
	case *ast.BuiltinNode:
		name = n.Name
	case *ast.PredicateNode:
		name = "{…}"
	default:
		return
	}
	if t.problem == nil && !slices.Contains(functions, name) {
		t.problem = &RuleProblem{Code: ProblemUnknownFact, Detail: "unknown function " + name, Column: (*node).Location().From + 1}
	}
}

// problemOf reads a compiler's error: its words, and the place.
func problemOf(err error, code string) *RuleProblem {
	p := &RuleProblem{Code: code, Detail: err.Error()}
	var at *file.Error
	if errors.As(err, &at) {
		p.Detail, p.Column = at.Message, at.From+1
	}
	if strings.Contains(p.Detail, "unknown name") || strings.Contains(p.Detail, "has no field") {
		p.Code = ProblemUnknownFact
	}
	if strings.Contains(p.Detail, "exceeds maximum allowed nodes") {
		p.Code = ProblemTooLong
	}
	return p
}

// Outcome is what the rules say about one conversation.
type Outcome struct {
	Queue     inbox.QueueID
	Priority  int
	Skills    []inbox.Requirement
	Rule      string // name of the matched rule; "" for the last one, which matches everything
	RuleIndex int    // from 1; 0 when no rule matched, which rules without fatal problems cannot do
	Skipped   []inbox.SkippedRule
	Failed    []FailedRule
}

// FailedRule is a rule whose condition could not be evaluated; it counts as not matched.
type FailedRule struct {
	Index int // from 1
	Err   error
}

// Evaluate finds the first rule that matches. It is a pure function.
func Evaluate(c Compiled, f Facts) Outcome {
	var out Outcome
	for i, r := range c.rules {
		matched, err := r.matches(f)
		if err != nil {
			out.Failed = append(out.Failed, FailedRule{i + 1, err})
		}
		if !matched {
			out.Skipped = append(out.Skipped, inbox.SkippedRule{Index: i + 1, Name: r.Name})
			continue
		}
		out.Queue, out.Priority, out.Skills, out.RuleIndex = r.Queue, r.Priority, r.Skills, i+1
		if i < len(c.rules)-1 {
			out.Rule = r.Name
		}
		return out
	}
	return out
}

func (r compiledRule) matches(f Facts) (bool, error) {
	if r.always || r.program == nil {
		return r.always, nil
	}
	result, err := expr.Run(r.program, f)
	if err != nil {
		return false, fmt.Errorf("condition: %w", err)
	}
	matched, ok := result.(bool)
	if !ok {
		return false, fmt.Errorf("condition: not a yes or no: %T", result)
	}
	return matched, nil
}

// decision is the outcome as the record keeps it.
func (o Outcome) decision(version int64, wait int64) inbox.Decision {
	return Fit(inbox.Decision{RulesVersion: version, Rule: o.Rule, RuleIndex: o.RuleIndex, Skipped: o.Skipped, Queue: o.Queue,
		Reason: ReasonRule, WaitSeconds: wait})
}
