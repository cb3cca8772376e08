package agentui

import (
	"context"
	"errors"
	"net"
	"net/http"

	"sportello/agentui/wire"
	"sportello/inbox"
	"sportello/inbox/blob"
	"sportello/inbox/customer"
	"sportello/inbox/live"
	"sportello/router"
	"sportello/router/roster"
)

// refusal is an answer of 4xx that an endpoint itself decided on.
type refusal struct {
	status int
	code   string
	fields map[string]string
	detail string
	body   any // sent beside the problem's own members (RFC 9457 section 3.2)
}

// Error is the code.
func (r *refusal) Error() string { return "agentui: " + r.code }

func refuse(status int, code string) error { return &refusal{status: status, code: code} }

// invalid says that one field is not acceptable.
func invalid(field, code string) error {
	return &refusal{status: http.StatusUnprocessableEntity, code: "invalid", fields: map[string]string{field: code}}
}

// The refusals that more than one endpoint uses.
var (
	errNoRoute   = refuse(http.StatusNotFound, "no_route")
	errNotFound  = refuse(http.StatusNotFound, "not_found")
	errForbidden = refuse(http.StatusForbidden, "forbidden")
	errUnauth    = refuse(http.StatusUnauthorized, "unauthenticated")
	errForeign   = refuse(http.StatusForbidden, "csrf")
)

// refusals are the statuses of what the record refuses, by code.
var refusals = map[string]int{
	"not_found": http.StatusNotFound, "closed": http.StatusConflict, "too_late": http.StatusConflict, "not_yours": http.StatusForbidden,
	"taken": http.StatusConflict, "state": http.StatusConflict, "customer_wrote": http.StatusConflict, "no_account": http.StatusUnprocessableEntity,
	"merged": http.StatusConflict, "other_customer": http.StatusConflict, "final": http.StatusConflict, "empty": http.StatusUnprocessableEntity, "recipient": http.StatusUnprocessableEntity,
}

// simple are the statuses of plain errors.
var simple = []struct {
	err    error
	status int
	code   string
}{
	{customer.ErrNotFound, http.StatusNotFound, "not_found"},
	{blob.ErrNotFound, http.StatusNotFound, "not_found"},
	{roster.ErrUnknown, http.StatusNotFound, "not_found"},
	{roster.ErrCredentials, http.StatusUnauthorized, "bad_credentials"},
	{router.ErrRulesConflict, http.StatusConflict, "version_conflict"},
	{router.ErrNoRules, http.StatusConflict, "no_rules"},
	{live.ErrNoEpoch, http.StatusServiceUnavailable, "rebuilding"},
	{live.ErrBehind, http.StatusServiceUnavailable, "rebuilding"},
	{live.ErrNotWaiting, http.StatusConflict, "not_waiting"},
	{live.ErrNoRoom, http.StatusConflict, "no_room"},
	{live.ErrNotHere, http.StatusConflict, "not_here"},
	{live.ErrOfferGone, http.StatusConflict, "offer_gone"},
	{context.DeadlineExceeded, http.StatusServiceUnavailable, "timeout"},
	{context.Canceled, 499, "canceled"}, // the client has gone
}

// problem is what an error is to the client: the only place where one becomes a status. Whatever is not known here is our fault.
func problem(err error) (wire.Problem, any) {
	var own *refusal
	if errors.As(err, &own) {
		return wire.Problem{Status: own.status, Code: own.code, Fields: own.fields, Detail: own.detail}, own.body
	}
	var gone *live.GoneError
	if errors.As(err, &gone) {
		return wire.Problem{Status: http.StatusConflict, Code: "offer_gone", Fields: fields("how", gone.How, "by", string(gone.By))}, nil
	}
	var refused inbox.Refused
	if errors.As(err, &refused) {
		if status, ok := refusals[refused.Code]; ok {
			return wire.Problem{Status: status, Code: refused.Code, Fields: fields("by", string(refused.Agent), "into", string(refused.Into))}, nil
		}
	}
	var held *inbox.Held
	if errors.As(err, &held) {
		return wire.Problem{Status: http.StatusConflict, Code: "held"},
			wire.ReplyResult{Held: &wire.HeldReply{Reason: held.Reason, Messages: held.Messages}}
	}
	var strange *inbox.NewRecipients
	if errors.As(err, &strange) {
		return wire.Problem{Status: http.StatusUnprocessableEntity, Code: "new_recipient"}, wire.ReplyResult{New: strange.Addresses}
	}
	var forbidden *inbox.Forbidden
	if errors.As(err, &forbidden) {
		return wire.Problem{Status: http.StatusUnprocessableEntity, Code: "forbidden_recipient"}, wire.ReplyResult{Forbidden: forbidden.Codes}
	}
	var wrong *roster.Invalid
	if errors.As(err, &wrong) {
		return wire.Problem{Status: http.StatusUnprocessableEntity, Code: "invalid", Fields: fields(wrong.Field, wrong.Code)}, nil
	}
	var bad *router.BadRules
	if errors.As(err, &bad) {
		return wire.Problem{Status: http.StatusUnprocessableEntity, Code: "bad_rules"}, ruleCheck(bad.Problems)
	}
	for _, s := range simple {
		if errors.Is(err, s.err) {
			return wire.Problem{Status: s.status, Code: s.code}, nil
		}
	}
	var line net.Error // Redis or the database cannot be reached
	if errors.As(err, &line) {
		return wire.Problem{Status: http.StatusServiceUnavailable, Code: "unavailable"}, nil
	}
	return wire.Problem{Status: http.StatusInternalServerError, Code: "internal"}, nil
}

// fields pairs names with values, leaving out what is empty.
func fields(pairs ...string) map[string]string {
	out := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			out[pairs[i]] = pairs[i+1]
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
