package customer

// Who wrote? The invariants:
//
//   - An address has at most one owner (index identity_owner); only the owner's history is opened by a message from it.
//   - Senders are locked before they are looked up, so that two first messages of one person make one customer.
//   - Only a proof of ours (ProofVerified) joins two addresses. What a visitor types in a form is noted, never believed.

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"sportello/channels"
	"sportello/inbox/db"
	"sportello/inbox/journal"
)

// Lock makes transactions that take messages of the same senders wait for each other until they end. Resolve needs it before. It is
// called once in a transaction, with all the messages that the transaction takes.
func (b *Book) Lock(ctx context.Context, tx *sql.Tx, ins ...channels.Inbound) error {
	if err := b.db.Together(ctx, tx, b.Locking(ins...)); err != nil {
		return fmt.Errorf("lock senders: %w", err)
	}
	return nil
}

// Locking is Lock as a statement: what is asked behind it in the same round trip is seen with the senders locked.
func (b *Book) Locking(ins ...channels.Inbound) db.Statement {
	keys := []string{}
	for _, in := range ins {
		if !in.From.IsZero() {
			keys = append(keys, lockKey(in.From))
		}
		for _, c := range in.Claims {
			if c.Proof >= channels.ProofVerified && !c.Address.IsZero() {
				keys = append(keys, lockKey(c.Address))
			}
		}
	}
	slices.Sort(keys)
	return b.db.LockSet(slices.Compact(keys))
}

func lockKey(a channels.Address) string { return "sender:" + string(a.Kind) + ":" + a.Value }

// Owner is the customer to whom messages from an address belong, or "".
func (b *Book) Owner(ctx context.Context, q db.Querier, a channels.Address) (ID, error) {
	var id ID
	err := q.QueryRowContext(ctx, `SELECT COALESCE(c.merged_into, c.id) FROM identity i JOIN customer c ON c.id = i.customer_id
		WHERE i.kind = $1 AND i.value = $2 AND i.owner = 1`, string(a.Kind), a.Value).Scan(&id)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("find owner: %w", err)
	}
	return id, nil
}

// resolution is one Resolve under way.
type resolution struct {
	*Book
	tx   *sql.Tx
	in   channels.Inbound
	id   ID
	what What // "" while nothing changed that others must hear of
	res  Resolved
}

// Resolve finds or makes the customer who wrote a message, inside the transaction that takes it and has locked its sender (Lock), and
// notes what the message tells of him. The Customer returned has no identities, preference or consents. The caller wakes the journal after the commit.
func (b *Book) Resolve(ctx context.Context, tx *sql.Tx, in channels.Inbound) (Resolved, error) {
	r := &resolution{Book: b, tx: tx, in: in}
	for _, step := range []func(context.Context) error{r.find, r.link, r.create, r.seen, r.claims, r.describe, r.finish} {
		if err := step(ctx); err != nil {
			return Resolved{}, fmt.Errorf("resolve sender: %w", err)
		}
	}
	return r.res, nil
}

// find looks for the owner of the sender's address, or for the only one who declared it and to whom we have written there: his
// answer proves that the address is his, unless it is forged.
func (r *resolution) find(ctx context.Context) (err error) {
	if r.in.From.IsZero() {
		return nil
	}
	if r.id, err = r.Owner(ctx, r.tx, r.in.From); err != nil || r.id != "" {
		return err
	}
	declared, err := list(ctx, r.tx, func(rows *sql.Rows) (id ID, err error) { return id, rows.Scan(&id) },
		`SELECT customer_id FROM identity WHERE kind = $1 AND value = $2 AND last_out_at IS NOT NULL LIMIT 2`,
		string(r.in.From.Kind), r.in.From.Value)
	if err != nil || len(declared) != 1 {
		return err
	}
	if r.id = declared[0]; forged(r.in) {
		return nil
	}
	r.what = IdentityChanged
	return r.own(ctx, r.in.From, r.in.Proof)
}

// forged reports whether it is known that somebody else than the address says wrote a message (E-47).
func forged(in channels.Inbound) bool {
	return in.Details.Trust != nil && in.Details.Trust.DMARC == "fail"
}

func (r *resolution) own(ctx context.Context, a channels.Address, proof channels.Proof) error {
	_, err := addIdentity(ctx, r.tx, r.id, a, proof, true, r.now())
	return err
}

// link follows addresses that were proved to us: a visitor who signed in on the website is the customer who owns that address.
func (r *resolution) link(ctx context.Context) error {
	for _, c := range r.in.Claims {
		if c.Proof < channels.ProofVerified || c.Address.IsZero() {
			continue
		}
		known, err := r.Owner(ctx, r.tx, c.Address)
		if err != nil {
			return err
		}
		if known == "" || known == r.id {
			continue
		}
		if r.id == "" {
			r.id, r.what = known, IdentityChanged
			if r.in.From.IsZero() {
				return nil
			}
			return r.own(ctx, r.in.From, r.in.Proof)
		}
		return r.absorb(ctx, known)
	}
	return nil
}

// absorb makes an anonymous customer, of whom nothing but chat is known, part of the customer he turned out to be. Of two known
// customers it does nothing: people merge those, with both cards before them.
func (r *resolution) absorb(ctx context.Context, known ID) error {
	var named int
	err := r.tx.QueryRowContext(ctx, `SELECT count(*) FROM identity WHERE customer_id = $1 AND owner = 1 AND kind <> $2`,
		string(r.id), string(channels.Chat)).Scan(&named)
	if err != nil || named > 0 {
		return err
	}
	for _, query := range []string{
		`DELETE FROM identity WHERE customer_id = $2 AND owner = 0 AND EXISTS (SELECT 1 FROM identity o
			WHERE o.customer_id = $1 AND o.kind = identity.kind AND o.value = identity.value AND o.owner = 1)`,
		`DELETE FROM identity WHERE customer_id = $1 AND EXISTS (SELECT 1 FROM identity o
			WHERE o.customer_id = $2 AND o.kind = identity.kind AND o.value = identity.value)`,
		`UPDATE identity SET customer_id = $2 WHERE customer_id = $1`,
		`UPDATE preference SET customer_id = $2 WHERE customer_id = $1
			AND NOT EXISTS (SELECT 1 FROM preference p WHERE p.customer_id = $2)`,
		`UPDATE consent SET customer_id = $2 WHERE customer_id = $1`,
		`UPDATE customer SET merged_into = $2 WHERE id = $1 OR merged_into = $1`,
	} {
		if _, err := r.tx.ExecContext(ctx, query, string(r.id), string(known)); err != nil {
			return err
		}
	}
	r.res.Absorbed, r.id, r.what = r.id, known, Merged
	return nil
}

// create makes a new customer when nobody was found.
func (r *resolution) create(ctx context.Context) error {
	if r.id != "" {
		return nil
	}
	id, err := newID()
	if err != nil {
		return err
	}
	now := r.now().UnixMilli()
	_, err = r.tx.ExecContext(ctx, `INSERT INTO customer (id, name, search, locale, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)`,
		id, r.in.From.Name, Fold(r.in.From.Name), r.in.Locale, now)
	if err != nil {
		return err
	}
	r.id, r.what, r.res.Created = ID(id), Created, true
	if r.in.From.IsZero() {
		return nil
	}
	return r.own(ctx, r.in.From, r.in.Proof)
}

func (r *resolution) seen(ctx context.Context) error {
	if r.in.From.IsZero() || !ByPerson(r.in.Auto) {
		return nil
	}
	return r.db.Together(ctx, r.tx, r.Seen(Sighting{Customer: r.id, In: r.in}))
}

// ByPerson reports whether a person caused a message: he wrote it, or sent a keyword.
func ByPerson(a channels.Auto) bool {
	switch a {
	case channels.AutoNone, channels.AutoOptOut, channels.AutoOptIn, channels.AutoHelpRequest:
		return true
	}
	return false
}

// claims notes the other addresses. A proved one without an owner becomes his; the rest are only noted.
func (r *resolution) claims(ctx context.Context) error {
	for _, c := range r.in.Claims {
		if c.Address.IsZero() || c.Proof < channels.ProofDeclared {
			continue
		}
		owner := false
		if c.Proof >= channels.ProofVerified {
			known, err := r.Owner(ctx, r.tx, c.Address)
			if err != nil {
				return err
			}
			owner = known == "" || known == r.id
		}
		added, err := addIdentity(ctx, r.tx, r.id, c.Address, c.Proof, owner, r.now())
		if err != nil {
			return err
		}
		if added && r.what == "" {
			r.what = IdentityChanged
		}
	}
	return nil
}

// describe fills what is not known yet: name and language.
func (r *resolution) describe(ctx context.Context) error {
	name := r.in.From.Name
	for _, c := range r.in.Claims {
		if name == "" || c.Proof >= channels.ProofVerified && c.Address.Name != "" {
			name = c.Address.Name
		}
	}
	n, err := affected(r.tx.ExecContext(ctx, `UPDATE customer SET
			name = CASE WHEN name = '' THEN $2 ELSE name END, search = CASE WHEN name = '' THEN $3 ELSE search END,
			locale = CASE WHEN locale = '' THEN $4 ELSE locale END
		WHERE id = $1 AND ((name = '' AND $2 <> '') OR (locale = '' AND $4 <> ''))`,
		string(r.id), name, Fold(name), r.in.Locale))
	if err == nil && n > 0 && r.what == "" {
		r.what = NameChanged
	}
	return err
}

func (r *resolution) finish(ctx context.Context) error {
	if r.what != "" {
		actor := journal.Actor("customer:" + string(r.id))
		if err := r.tell(ctx, r.tx, r.id, actor, Change{What: r.what, Absorbed: r.res.Absorbed}); err != nil {
			return err
		}
	}
	c := &r.res.Customer
	return r.tx.QueryRowContext(ctx, `SELECT id, name, locale, zone, tier, note FROM customer WHERE id = $1`, string(r.id)).
		Scan(&c.ID, &c.Name, &c.Locale, &c.Zone, &c.Tier, &c.Note)
}
