package router

import (
	"time"

	"sportello/inbox"
)

// Rule sends what matches When to a queue. When is an expression over Facts; "" or "true" matches everything.
type Rule struct {
	Name     string              `json:"name"`
	When     string              `json:"when"`
	Queue    inbox.QueueID       `json:"queue"`
	Priority int                 `json:"priority"` // 0-100, 50 is normal
	Skills   []inbox.Requirement `json:"skills,omitempty"`
}

// RuleSet is one published version. It is never changed. The first rule that matches decides; the last one always matches.
type RuleSet struct {
	Version int64     `json:"version"`
	Rules   []Rule    `json:"rules"`
	Author  string    `json:"author"`
	Message string    `json:"message"`
	At      time.Time `json:"at"`
}

// RuleProblem is one fault of one rule.
type RuleProblem struct {
	Index  int    `json:"index"`            // of the rule, from 0
	Field  string `json:"field"`            // when, queue, priority, skills, name, list
	Code   string `json:"code"`             // one of the Problem constants
	Detail string `json:"detail,omitempty"` // the compiler's words, or the number (from 1) of the rule that shadows this one
	Column int    `json:"column,omitempty"` // from 1, of When
	Fatal  bool   `json:"fatal"`            // such rules cannot be published
}

// The codes of problems.
const (
	ProblemSyntax        = "syntax"
	ProblemUnknownFact   = "unknown_fact"
	ProblemType          = "type"
	ProblemUnknownQueue  = "unknown_queue"
	ProblemRange         = "range"
	ProblemLastNotAlways = "last_not_always"
	ProblemUnreachable   = "unreachable"
	ProblemTooLong       = "too_long"
	ProblemRequired      = "required"
)

// Limits of a rule set. Conditions have no loops, so that these bound the time an evaluation takes.
const (
	MaxRules  = 200
	MaxName   = 80   // characters
	MaxWhen   = 1000 // characters
	MaxSkills = 10
	maxNodes  = 200 // of a condition's syntax tree
)

// Fatal reports whether one of the problems forbids publishing.
func Fatal(problems []RuleProblem) bool {
	for _, p := range problems {
		if p.Fatal {
			return true
		}
	}
	return false
}
