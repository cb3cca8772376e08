package router

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"sportello/inbox"
	"sportello/inbox/db"
	"sportello/inbox/journal"
)

// RulesStream is the journal's stream of published rules; its numbers are the versions.
const RulesStream journal.Stream = "rules"

// The errors of publishing.
var (
	ErrRulesConflict = errors.New("router: somebody published rules in the meantime")
	ErrNoRules       = errors.New("router: no rules and no queue to send everything to")
)

// BadRules are rules with a fatal problem.
type BadRules struct{ Problems []RuleProblem }

// Error counts the problems.
func (e *BadRules) Error() string {
	return fmt.Sprintf("router: %d problems in the rules", len(e.Problems))
}

// Published is the Data of the event rules.published. The rules themselves are in the record under the version.
type Published struct {
	Version int64  `json:"version"`
	Author  string `json:"author"`
	Message string `json:"message"`
}

// Rules keeps the published versions. It is safe for concurrent use, also by several programs.
type Rules struct {
	db      *db.DB
	journal *journal.Journal
	now     func() time.Time
}

// NewRules returns the rules in the record d.
func NewRules(d *db.DB, j *journal.Journal, now func() time.Time) *Rules {
	return &Rules{db: d, journal: j, now: now}
}

// Current is the version in force. When nothing was ever published it first publishes version 1, which sends everything to the
// first queue; without a queue it fails with ErrNoRules.
func (s *Rules) Current(ctx context.Context) (RuleSet, error) {
	set, err := scanSet(s.db.QueryRowContext(ctx, selectSets+` ORDER BY version DESC LIMIT 1`))
	if !errors.Is(err, sql.ErrNoRows) {
		return set, wrap("current rules", err)
	}
	var first inbox.QueueID
	err = s.db.QueryRowContext(ctx, `SELECT id FROM queue ORDER BY created_at, id LIMIT 1`).Scan(&first)
	if errors.Is(err, sql.ErrNoRows) {
		return RuleSet{}, ErrNoRules
	}
	if err != nil {
		return RuleSet{}, wrap("current rules", err)
	}
	set, err = s.publish(ctx, 0, RuleSet{Rules: []Rule{{Queue: first, Priority: 50}}, Author: "system"})
	if errors.Is(err, ErrRulesConflict) { // another node was first
		return s.Current(ctx)
	}
	return set, err
}

// Version is one published version, or sql.ErrNoRows in the error's chain.
func (s *Rules) Version(ctx context.Context, version int64) (RuleSet, error) {
	set, err := scanSet(s.db.QueryRowContext(ctx, selectSets+` WHERE version = $1`, version))
	return set, wrap("rules", err)
}

// Versions lists published versions, newest first.
func (s *Rules) Versions(ctx context.Context, limit int) ([]RuleSet, error) {
	rows, err := s.db.QueryContext(ctx, selectSets+` ORDER BY version DESC LIMIT $1`, limit)
	if err != nil {
		return nil, wrap("versions of the rules", err)
	}
	defer rows.Close()
	sets := []RuleSet{}
	for rows.Next() {
		set, err := scanSet(rows)
		if err != nil {
			return nil, wrap("versions of the rules", err)
		}
		sets = append(sets, set)
	}
	return sets, wrap("versions of the rules", rows.Err())
}

// Check compiles rules against the queues that exist.
func (s *Rules) Check(ctx context.Context, rules []Rule) (Compiled, []RuleProblem, error) {
	return check(ctx, s.db, rules)
}

func check(ctx context.Context, q db.Querier, rules []Rule) (Compiled, []RuleProblem, error) {
	rows, err := q.QueryContext(ctx, `SELECT id FROM queue`)
	if err != nil {
		return Compiled{}, nil, wrap("check rules", err)
	}
	defer rows.Close()
	var queues []inbox.QueueID
	for rows.Next() {
		var id inbox.QueueID
		if err := rows.Scan(&id); err != nil {
			return Compiled{}, nil, wrap("check rules", err)
		}
		queues = append(queues, id)
	}
	if err := rows.Err(); err != nil {
		return Compiled{}, nil, wrap("check rules", err)
	}
	compiled, problems := Compile(rules, queues)
	return compiled, problems, nil
}

// Publish puts rules in force as the next version and tells every node through the journal. base is the version they were made
// from: when it is not the current one any more, ErrRulesConflict. Rules with a fatal problem are refused with BadRules.
// author is an agent's id; message, at most 500 characters, says why.
func (s *Rules) Publish(ctx context.Context, base int64, rules []Rule, author, message string) (RuleSet, error) {
	_, problems, err := s.Check(ctx, rules)
	if err != nil {
		return RuleSet{}, err
	}
	if utf8.RuneCountInString(message) > 500 {
		problems = append(problems, RuleProblem{Field: "message", Code: ProblemTooLong, Fatal: true})
	}
	if Fatal(problems) {
		return RuleSet{}, &BadRules{problems}
	}
	return s.publish(ctx, base, RuleSet{Rules: rules, Author: author, Message: message})
}

func (s *Rules) publish(ctx context.Context, base int64, set RuleSet) (RuleSet, error) {
	set.Version, set.At = base+1, s.now().UTC().Truncate(time.Millisecond)
	raw, err := json.Marshal(set.Rules)
	if err != nil {
		return RuleSet{}, wrap("publish rules", err)
	}
	data, err := json.Marshal(Published{set.Version, set.Author, set.Message})
	if err != nil {
		return RuleSet{}, wrap("publish rules", err)
	}
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		if err := s.db.Lock(ctx, tx, string(RulesStream)); err != nil {
			return err
		}
		var current int64
		if err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(version), 0) FROM rule_set`).Scan(&current); err != nil {
			return err
		}
		if current != base {
			return ErrRulesConflict
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO rule_set (version, rules, author, message, at) VALUES ($1, $2, $3, $4, $5)`,
			set.Version, string(raw), set.Author, set.Message, set.At.UnixMilli())
		if err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, journal.Event{Stream: RulesStream, Seq: set.Version, Type: journal.RulesPublished,
			Actor: actorOf(set.Author), At: set.At, Data: data})
	})
	if err != nil {
		return RuleSet{}, wrap("publish rules", err)
	}
	return set, nil
}

func actorOf(author string) journal.Actor {
	if author == "system" {
		return "system"
	}
	return inbox.ActorOf(inbox.AgentID(author))
}

const selectSets = `SELECT version, rules, author, message, at FROM rule_set`

func scanSet(row interface{ Scan(...any) error }) (RuleSet, error) {
	var (
		set RuleSet
		raw string
		at  int64
	)
	if err := row.Scan(&set.Version, &raw, &set.Author, &set.Message, &at); err != nil {
		return RuleSet{}, err
	}
	set.At = time.UnixMilli(at).UTC()
	return set, json.Unmarshal([]byte(raw), &set.Rules)
}

func wrap(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
