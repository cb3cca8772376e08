package customer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"sportello/channels"
	"sportello/inbox/db"
	"sportello/inbox/journal"
)

// Rename sets the name of a customer.
func (b *Book) Rename(ctx context.Context, id ID, name string, actor journal.Actor) error {
	return b.change(ctx, id, NameChanged, actor, func(tx *sql.Tx) (bool, error) {
		n, err := affected(tx.ExecContext(ctx, `UPDATE customer SET name = $2, search = $3 WHERE id = $1 AND name <> $2`,
			string(id), name, Fold(name)))
		return n > 0, err
	})
}

// SetNote sets the note that colleagues see beside every conversation of a customer.
func (b *Book) SetNote(ctx context.Context, id ID, note string, actor journal.Actor) error {
	return b.set(ctx, id, NoteChanged, actor, `UPDATE customer SET note = $2 WHERE id = $1 AND note <> $2`, note)
}

// SetZone sets the time zone of a customer, by its IANA name.
func (b *Book) SetZone(ctx context.Context, id ID, zone string, actor journal.Actor) error {
	if _, err := time.LoadLocation(zone); err != nil {
		return fmt.Errorf("change zone of customer %s: %w", id, err)
	}
	return b.set(ctx, id, ZoneChanged, actor, `UPDATE customer SET zone = $2 WHERE id = $1 AND zone <> $2`, zone)
}

// SetTier sets the word by which rules know a customer.
func (b *Book) SetTier(ctx context.Context, id ID, tier string, actor journal.Actor) error {
	return b.set(ctx, id, TierChanged, actor, `UPDATE customer SET tier = $2 WHERE id = $1 AND tier <> $2`, tier)
}

func (b *Book) set(ctx context.Context, id ID, what What, actor journal.Actor, query, value string) error {
	return b.change(ctx, id, what, actor, func(tx *sql.Tx) (bool, error) {
		n, err := affected(tx.ExecContext(ctx, query, string(id), value))
		return n > 0, err
	})
}

// Declare notes an address that a customer is said to have. It is never owned: messages from it do not open his history.
func (b *Book) Declare(ctx context.Context, id ID, a channels.Address, proof channels.Proof, actor journal.Actor) error {
	if a.IsZero() || a.Kind == "" {
		return errors.New("declare: an address needs a channel and a value")
	}
	return b.change(ctx, id, IdentityChanged, actor, func(tx *sql.Tx) (bool, error) {
		return addIdentity(ctx, tx, id, a, proof, false, b.now())
	})
}

// SetPreference sets the channel and the quiet hours that a customer wishes. UpdatedAt is set here; an empty Source is "stated".
func (b *Book) SetPreference(ctx context.Context, id ID, p Preference, actor journal.Actor) error {
	if p.Source == "" {
		p.Source = "stated"
	}
	return b.change(ctx, id, PreferenceChanged, actor, func(tx *sql.Tx) (bool, error) {
		return true, b.prefer(ctx, tx, id, p)
	})
}

// SetQuiet sets only the hours in which a customer wishes no message; equal ends mean none.
func (b *Book) SetQuiet(ctx context.Context, id ID, from, to int, actor journal.Actor) error {
	return b.change(ctx, id, PreferenceChanged, actor, func(tx *sql.Tx) (bool, error) {
		who, err := b.Get(ctx, tx, id)
		if err != nil {
			return false, err
		}
		p, old := Preference{Source: "stated"}, who.Preference
		if old != nil {
			p = *old
		}
		p.QuietFrom, p.QuietTo = from, to
		return old == nil || *old != p, b.prefer(ctx, tx, id, p)
	})
}

func (b *Book) prefer(ctx context.Context, tx *sql.Tx, id ID, p Preference) error {
	const day = 24 * 60
	if p.QuietFrom < 0 || p.QuietFrom >= day || p.QuietTo < 0 || p.QuietTo >= day {
		return errors.New("quiet hours are minutes after midnight, 0 to 1439")
	}
	from, to := any(p.QuietFrom), any(p.QuietTo)
	if p.QuietFrom == p.QuietTo {
		from, to = nil, nil
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO preference (customer_id, channel, source, quiet_from, quiet_to, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (customer_id) DO UPDATE SET channel = excluded.channel, source = excluded.source,
			quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to, updated_at = excluded.updated_at`,
		string(id), string(p.Channel), p.Source, from, to, b.now().UnixMilli())
	return err
}

// Consent adds a row to the consent ledger. With a transaction it is part of that, and the caller wakes the journal; with nil it
// is one of its own. An empty At is now. Nothing is ever taken back: what a customer changes his mind about is a further row.
func (b *Book) Consent(ctx context.Context, tx *sql.Tx, id ID, c Consent) error {
	if tx == nil {
		return b.change(ctx, id, ConsentChanged, journal.Actor(c.Actor), func(tx *sql.Tx) (bool, error) {
			return true, b.consent(ctx, tx, id, c)
		})
	}
	err := b.consent(ctx, tx, id, c)
	if err == nil {
		err = b.tell(ctx, tx, id, journal.Actor(c.Actor), Change{What: ConsentChanged})
	}
	if err != nil {
		return fmt.Errorf("consent of customer %s: %w", id, err)
	}
	return nil
}

func (b *Book) consent(ctx context.Context, tx *sql.Tx, id ID, c Consent) error {
	row, err := newID()
	if err != nil {
		return err
	}
	if c.At.IsZero() {
		c.At = b.now()
	}
	verdict := "withdrawn"
	if c.Granted {
		verdict = "granted"
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO consent
		(id, customer_id, kind, address, account_id, purpose, list, verdict, source, source_id, wording, actor, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		row, string(id), string(c.Kind), c.Address, string(c.Account), string(c.Purpose), c.List, verdict, c.Source, c.SourceID, c.Wording,
		c.Actor, c.At.UnixMilli())
	return err
}

// Contact is a message that leaves for an address of a customer.
type Contact struct {
	Customer ID
	To       channels.Address
}

// Contacted notes on identities when they were last written to, for the order of choices. Nothing is journaled.
func (b *Book) Contacted(at time.Time, all ...Contact) db.Statement {
	if len(all) == 0 {
		return db.Statement{}
	}
	with, args := b.db.With("w",
		db.Texts("customer_id", all, func(c Contact) ID { return c.Customer }),
		db.Texts("kind", all, func(c Contact) channels.Kind { return c.To.Kind }),
		db.Texts("value", all, func(c Contact) string { return c.To.Value }),
		db.Times("at", all, func(Contact) time.Time { return at }))
	return db.Do(`WITH `+with+` UPDATE identity SET last_out_at = w.at FROM w
		WHERE identity.customer_id = w.customer_id AND identity.kind = w.kind AND identity.value = w.value`, args...)
}
