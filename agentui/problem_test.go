package agentui

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"testing"
	"time"

	"sportello/agentui/wire"
	"sportello/inbox"
	"sportello/inbox/blob"
	"sportello/inbox/customer"
	"sportello/inbox/live"
	"sportello/router"
	"sportello/router/roster"
)

// Every error that a room to the left documents has its status; all others are ours.
func TestProblems(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		code   string
	}{
		{inbox.ErrNotFound, 404, "not_found"}, {inbox.ErrClosed, 409, "closed"}, {inbox.ErrNotYours, 403, "not_yours"},
		{inbox.Refused{Code: "taken", Agent: "anna"}, 409, "taken"}, {inbox.ErrState, 409, "state"}, {inbox.ErrNoAccount, 422, "no_account"},
		{inbox.Refused{Code: "merged", Into: "x"}, 409, "merged"}, {inbox.ErrOthers, 409, "other_customer"}, {inbox.ErrFinal, 409, "final"},
		{inbox.ErrRecipient, 422, "recipient"}, {inbox.ErrEmpty, 422, "empty"}, {inbox.ErrLeaseLost, 500, "internal"},
		{&inbox.Held{Reason: "customer_wrote"}, 409, "held"}, {customer.ErrNotFound, 404, "not_found"}, {blob.ErrNotFound, 404, "not_found"},
		{roster.ErrCredentials, 401, "bad_credentials"}, {&roster.Invalid{Field: "name", Code: "required"}, 422, "invalid"},
		{live.ErrNoEpoch, 503, "rebuilding"}, {&live.BehindError{}, 503, "rebuilding"}, {live.ErrNotWaiting, 409, "not_waiting"},
		{live.ErrNoRoom, 409, "no_room"}, {live.ErrNotHere, 409, "not_here"}, {&live.GoneError{How: "taken", By: "anna"}, 409, "offer_gone"},
		{router.ErrRulesConflict, 409, "version_conflict"}, {&router.BadRules{}, 422, "bad_rules"}, {router.ErrNoRules, 409, "no_rules"},
		{context.DeadlineExceeded, 503, "timeout"}, {context.Canceled, 499, "canceled"},
		{&net.OpError{Op: "dial", Err: errors.New("refused")}, 503, "unavailable"}, {errors.New("disk on fire"), 500, "internal"},
	} {
		p, _ := problem(fmt.Errorf("doing something: %w", c.err))
		if p.Status != c.status || p.Code != c.code || p.Detail != "" {
			t.Errorf("%v: %+v", c.err, p)
		}
	}
}

// A command that is sent twice at the same time is done once, and one that panics does not hold up the others.
func TestRepeatsAreDoneOnce(t *testing.T) {
	r := newRepeats(time.Now)
	c := &call{ctx: t.Context(), r: httptest.NewRequest("POST", "/x", nil), me: roster.Agent{ID: "anna"}}
	begun, finish, done := make(chan struct{}), make(chan struct{}), make(chan any, 2)
	go func() {
		got, _ := r.once(c, "id", func() (any, error) { close(begun); <-finish; return wire.Command{ClientID: "first"}, nil })
		done <- got
	}()
	<-begun
	go func() {
		got, _ := r.once(c, "id", func() (any, error) { return wire.Command{ClientID: "second"}, nil })
		done <- got
	}()
	close(finish)
	for range 2 {
		if got := <-done; got != any(wire.Command{ClientID: "first"}) {
			t.Errorf("got %+v", got)
		}
	}
	func() {
		defer func() { _ = recover() }()
		_, _ = r.once(c, "other", func() (any, error) { panic("x") })
	}()
	if got, err := r.once(c, "other", func() (any, error) { return 1, nil }); err != nil || got != 1 {
		t.Errorf("after a panic: %v, %v", got, err)
	}
	if _, err := r.once(c, "failed", func() (any, error) { return nil, errForbidden }); err == nil {
		t.Error("no error")
	}
	if _, err := r.once(c, "failed", func() (any, error) { return 1, nil }); err != nil {
		t.Errorf("a failure was remembered: %v", err)
	}
}
