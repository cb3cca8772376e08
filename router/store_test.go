package router

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sportello/inbox/db"
	"sportello/inbox/inboxtest"
	"sportello/inbox/journal"
	"sportello/router/roster"
)

func rulesOf(t *testing.T, d *db.DB) (*Rules, *journal.Journal) {
	t.Helper()
	j := journal.New(d)
	at := time.Date(2026, 5, 12, 12, 0, 0, 0, time.UTC)
	now := func() time.Time { at = at.Add(time.Millisecond); return at }
	book := roster.New(d, now)
	for _, q := range queues {
		if _, err := book.AddQueue(t.Context(), roster.Queue{ID: q, Name: string(q)}); err != nil {
			t.Fatal(err)
		}
	}
	return NewRules(d, j, func() time.Time { return noon }), j
}

func TestRulesBeginWithOneThatSendsEverythingToTheFirstQueue(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		if _, err := NewRules(d, journal.New(d), time.Now).Current(t.Context()); !errors.Is(err, ErrNoRules) {
			t.Errorf("without a queue: %v", err)
		}
		rules, j := rulesOf(t, d)
		var nodes sync.WaitGroup
		for range 4 {
			nodes.Go(func() {
				set, err := rules.Current(t.Context())
				if err != nil || set.Version != 1 || len(set.Rules) != 1 || set.Rules[0].Queue != "vendite" {
					t.Errorf("%+v, %v", set, err)
				}
			})
		}
		nodes.Wait()
		events, err := j.Stream(t.Context(), RulesStream, 0, 10)
		if err != nil || len(events) != 1 || events[0].Type != journal.RulesPublished || events[0].Seq != 1 {
			t.Errorf("%+v, %v", events, err)
		}
	})
}

func TestPublishedVersionsAreNumberedAndKept(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		rules, _ := rulesOf(t, d)
		first, err := rules.Current(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := []Rule{{Name: "Oro", When: `customer.tier == "gold"`, Queue: "vendite", Priority: 80}, last("assistenza")}
		set, err := rules.Publish(t.Context(), 1, want, "anna", "Oro prima")
		if err != nil {
			t.Fatal(err)
		}
		got, err := rules.Current(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(RuleSet{Version: 2, Rules: want, Author: "anna", Message: "Oro prima", At: noon}, got); diff != "" {
			t.Error(diff)
		}
		all, err := rules.Versions(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]RuleSet{set, first}, all); diff != "" {
			t.Error(diff)
		}
		if old, err := rules.Version(t.Context(), 1); err != nil || old.Version != 1 {
			t.Errorf("%+v, %v", old, err)
		}
	})
}

func TestPublishRefusesConflictsAndBadRules(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		rules, j := rulesOf(t, d)
		if _, err := rules.Current(t.Context()); err != nil {
			t.Fatal(err)
		}
		var bad *BadRules
		if _, err := rules.Publish(t.Context(), 1, []Rule{{When: "returning", Queue: "vendite"}}, "anna", ""); !errors.As(err, &bad) || len(bad.Problems) != 1 {
			t.Errorf("bad rules: %v", err)
		}
		if _, err := rules.Publish(t.Context(), 1, []Rule{last("vendite")}, "anna", strings.Repeat("x", 501)); !errors.As(err, &bad) {
			t.Errorf("long message: %v", err)
		}
		// Of several who publish from the same version one wins; the others are told.
		var writers sync.WaitGroup
		results := make(chan error, 6)
		for range cap(results) {
			writers.Go(func() {
				_, err := rules.Publish(t.Context(), 1, []Rule{last("assistenza")}, "anna", "")
				results <- err
			})
		}
		writers.Wait()
		close(results)
		won := 0
		for err := range results {
			if err == nil {
				won++
			} else if !errors.Is(err, ErrRulesConflict) {
				t.Errorf("loser: %v", err)
			}
		}
		events, err := j.Stream(t.Context(), RulesStream, 0, 10)
		if won != 1 || err != nil || len(events) != 2 {
			t.Errorf("%d won, events %+v, %v", won, events, err)
		}
	})
}
