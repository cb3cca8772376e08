package customer

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"sportello/channels"
	"sportello/inbox/db"
	"sportello/inbox/journal"
)

var errStub = errors.New("not there yet")

func (b *Book) Lock(ctx context.Context, tx *sql.Tx, in channels.Inbound) error { return errStub }
func (b *Book) Resolve(ctx context.Context, tx *sql.Tx, in channels.Inbound) (Resolved, error) {
	return Resolved{}, errStub
}
func (b *Book) Get(ctx context.Context, q db.Querier, id ID) (Customer, error) {
	return Customer{}, errStub
}
func (b *Book) Find(ctx context.Context, query string, limit int) ([]Customer, error) {
	return nil, errStub
}
func (b *Book) SetPreference(ctx context.Context, id ID, p Preference, actor journal.Actor) error {
	return errStub
}
func (b *Book) SetQuiet(ctx context.Context, id ID, from, to int, actor journal.Actor) error {
	return errStub
}
func (b *Book) Consent(ctx context.Context, tx *sql.Tx, id ID, c Consent) error { return errStub }
func (b *Book) Declare(ctx context.Context, id ID, a channels.Address, proof channels.Proof, actor journal.Actor) error {
	return errStub
}
func (b *Book) Rename(ctx context.Context, id ID, name string, actor journal.Actor) error {
	return errStub
}
func (b *Book) SetNote(ctx context.Context, id ID, note string, actor journal.Actor) error {
	return errStub
}
func (b *Book) SetZone(ctx context.Context, id ID, zone string, actor journal.Actor) error {
	return errStub
}
func (b *Book) SetTier(ctx context.Context, id ID, tier string, actor journal.Actor) error {
	return errStub
}
func (b *Book) Suppress(ctx context.Context, tx *sql.Tx, kind channels.Kind, value, code string, at time.Time) error {
	return errStub
}
func (b *Book) Contacted(ctx context.Context, tx *sql.Tx, id ID, kind channels.Kind, value string, at time.Time) error {
	return errStub
}
func Reach(ask Ask, now time.Time) Verdict { return Verdict{Chosen: -1, At: now} }
