package audit

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/db"
	"sportello/inbox/journal"
)

// What each channel can be held against:
//
//   - Email: the mails in the folder. The record keeps no UIDs, so they are compared by Message-ID, and by content where that does not
//     settle it (channels/email, List). A mail that was deleted from the folder is not missed there.
//   - SMS: the provider's list, both ways.
//   - Chat: nothing outside keeps what was said. The widget names its messages by random ids and does not number them, so the numbers
//     of the conversation's own stream, which have no gaps, stand in for the visitor's.

// edge is asked for on both sides of the query's time: what we sent within it may have another time there.
const edge = time.Hour

// listing is what one provider answered.
type listing struct {
	Source
	all []channels.Listed
}

// ask asks the providers.
func (x *examination) ask(ctx context.Context) []listing {
	var all []listing
	for _, s := range x.q.Outside {
		got, err := s.List(ctx, x.q.From.Add(-edge), x.q.Until.Add(edge), func(ctx context.Context, ids []string) (map[string]bool, error) {
			return knownRefs(ctx, x.db, s.Account, ids)
		})
		if err == nil {
			all = append(all, listing{s, got})
			continue
		}
		f := Finding{Code: ProviderUnknown, Account: s.Account, Detail: fmt.Sprintf("the provider could not be asked: %v", err)}
		if x.q.Demand {
			x.found(f)
		} else {
			x.sheet.Notes = append(x.sheet.Notes, f)
		}
	}
	return all
}

// knownRefs reports which Message-IDs are those of mails that an account took in.
func knownRefs(ctx context.Context, q db.Querier, account channels.AccountID, ids []string) (map[string]bool, error) {
	known := map[string]bool{}
	for some := range slices.Chunk(ids, 500) {
		marks, args := in(1, some)
		refs, err := list(ctx, q, scanText[string], `SELECT r.ref FROM mail_ref r JOIN message m ON m.id = r.message_id
			WHERE m.account_id = $1 AND r.ours = 0 AND r.ref IN `+marks, append([]any{string(account)}, args...)...)
		if err != nil {
			return nil, fmt.Errorf("look up message ids: %w", err)
		}
		for _, ref := range refs {
			known[ref] = true
		}
	}
	return known, nil
}

// outside holds the record against what the providers answered.
func (x *examination) outside(ctx context.Context, all []listing) error {
	for _, l := range all {
		taken, err := x.externals(ctx, l, true, `SELECT external_id FROM message WHERE account_id = $1 AND external_id IN `)
		if err != nil {
			return err
		}
		sent, err := x.externals(ctx, l, false, `SELECT external_id FROM outbox WHERE account_id = $1 AND external_id <> '' AND external_id IN `)
		if err != nil {
			return err
		}
		for key, line := range x.lines {
			if key[1] == string(l.Account) {
				line.Asked = true
			}
		}
		for _, m := range l.all {
			if !x.within(m.At) || !m.At.Before(x.until) {
				continue
			}
			if m.Inbound {
				line := x.line(l.Account, l.Kind, x.day(m.At))
				line.Asked = true
				line.Outside++
			}
			if err := x.item(ctx, l, m, taken, sent); err != nil {
				return err
			}
		}
		if l.Kind == channels.SMS {
			if err := x.lost(ctx, l); err != nil {
				return err
			}
		}
	}
	return nil
}

// externals looks up which of the listed ids the record has.
func (x *examination) externals(ctx context.Context, l listing, inbound bool, query string) (map[string]bool, error) {
	var ids []string
	for _, m := range l.all {
		if m.Inbound == inbound && !m.Known {
			ids = append(ids, m.External)
		}
	}
	have := map[string]bool{}
	for some := range slices.Chunk(ids, 500) {
		marks, args := in(1, some)
		got, err := list(ctx, x.tx, scanText[string], query+marks, append([]any{string(l.Account)}, args...)...)
		if err != nil {
			return nil, fmt.Errorf("look up provider's ids: %w", err)
		}
		for _, id := range got {
			have[id] = true
		}
	}
	return have, nil
}

// item judges one message that the provider has.
func (x *examination) item(ctx context.Context, l listing, m channels.Listed, taken, sent map[string]bool) error {
	f := Finding{Account: l.Account, Day: x.day(m.At), External: m.External, Place: m.Place}
	switch {
	case m.Known || m.Inbound && taken[m.External] || !m.Inbound && sent[m.External]:
	case m.Inbound:
		f.Code, f.Detail = NotTaken, fmt.Sprintf("the provider has it (%s) and it never came in", m.Place)
		x.found(f)
	default:
		var open int
		err := x.tx.QueryRowContext(ctx, `SELECT count(*) FROM outbox o JOIN message m ON m.id = o.message_id
			WHERE o.account_id = $1 AND m.peer = $2 AND o.external_id = '' AND o.state IN ('sending', 'unknown')`, string(l.Account), m.Peer).Scan(&open)
		if err != nil {
			return err
		}
		if open > 0 { // an answer was lost: a receipt or the dispatcher's question will settle it
			f.Code, f.Detail = ProviderPending, fmt.Sprintf("the provider sent it (%s), probably one whose outcome is not known here yet", m.Place)
			x.sheet.Notes = append(x.sheet.Notes, f)
			return nil
		}
		f.Code, f.Detail = NotRecorded, fmt.Sprintf("the provider sent it for us (%s) and the record knows nothing of it", m.Place)
		x.found(f)
	}
	return nil
}

// lost names what the record says was sent and the provider does not have.
func (x *examination) lost(ctx context.Context, l listing) error {
	has := map[string]bool{}
	for _, m := range l.all {
		has[m.External] = true
	}
	type sent struct {
		id, external string
		message      inbox.MessageID
		at           int64
	}
	rows, err := list(ctx, x.tx, func(rows *sql.Rows) (s sent, err error) { return s, rows.Scan(&s.id, &s.external, &s.message, &s.at) },
		`SELECT o.id, o.external_id, o.message_id, a.started_at FROM outbox o JOIN attempt a ON a.outbox_id = o.id AND a.n = o.attempts
		WHERE o.account_id = $1 AND o.external_id <> '' AND o.state IN ('sent', 'delivered', 'read') AND a.started_at >= $2 AND a.started_at < $3
		ORDER BY a.started_at`, string(l.Account), x.q.From.UnixMilli(), min(x.q.Until.UnixMilli(), x.until.UnixMilli()))
	if err != nil {
		return err
	}
	for _, s := range rows {
		if !has[s.external] {
			x.found(Finding{Code: NotAtProvider, Account: l.Account, Day: x.day(time.UnixMilli(s.at)), Message: s.message, Outbox: s.id, External: s.external,
				Detail: "the record says that it was sent, and the provider does not list it"})
		}
	}
	return nil
}

// shown names the open conversations with which the live inbox is behind, although nothing of them waits to be copied.
func (x *examination) shown(ctx context.Context, all map[journal.Stream]*stream) error {
	var ids []inbox.ConversationID
	for _, s := range all {
		if n := len(s.events); s.open && n > 0 && len(s.unshown) == 0 && s.events[n-1].At.Before(x.until) {
			ids = append(ids, inbox.ConversationID(s.name.Conversation()))
		}
	}
	if x.q.Shown == nil || len(ids) == 0 {
		return nil
	}
	seqs, err := x.q.Shown(ctx, ids)
	if err != nil {
		x.sheet.Notes = append(x.sheet.Notes, Finding{Code: ShownUnknown, Detail: fmt.Sprintf("the live inbox could not be asked what it shows: %v", err)})
		x.q.Shown = nil
		return nil
	}
	behind := slices.DeleteFunc(ids, func(id inbox.ConversationID) bool {
		return seqs[id] >= lastOf(all[journal.ConversationStream(string(id))].events)
	})
	if len(behind) == 0 {
		return nil
	}
	// One that has changed since the moment that is audited may have been closed, and so be gone from there.
	marks, args := in(0, behind)
	_, err = list(ctx, x.db, func(rows *sql.Rows) (id inbox.ConversationID, err error) {
		var last int64
		if err = rows.Scan(&id, &last); err != nil {
			return id, err
		}
		if s := all[journal.ConversationStream(string(id))]; last == s.last && last > seqs[id] {
			x.found(Finding{Code: EventUnshown, Stream: s.name, Seq: seqs[id] + 1, Through: last,
				Detail: fmt.Sprintf("the live inbox stands at event %d of %d, and nothing waits to be copied", seqs[id], last)})
		}
		return id, nil
	}, `SELECT id, last_seq FROM conversation WHERE state <> 'closed' AND id IN `+marks+` ORDER BY id`, args...)
	return err
}
