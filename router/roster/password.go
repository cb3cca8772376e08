package roster

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"sportello/inbox"
	"sportello/inbox/db"
	"sportello/inbox/gate"
)

// Passwords are of 10 to 256 characters. The upper bound keeps a stranger from making us hash a megabyte.
const (
	minPassword = 10
	maxPassword = 256
)

// New returns the roster in the record d. At most two passwords are hashed at once; others wait for their turn.
func New(d *db.DB, now func() time.Time) *Book { return newBook(d, now, argon2id.DefaultParams) }

// NewWeak is New with passwords that cost next to nothing to check, and to guess: for the records of tests.
func NewWeak(d *db.DB, now func() time.Time) *Book {
	weak := *argon2id.DefaultParams
	weak.Memory = 64
	return newBook(d, now, &weak)
}

func newBook(d *db.DB, now func() time.Time, cost *argon2id.Params) *Book {
	b := &Book{db: d, now: now, cost: cost, gate: make(chan struct{}, 2), fake: sync.OnceValue(func() string {
		hash, err := argon2id.CreateHash(rand.Text(), cost)
		if err != nil {
			return "" // comparing then fails at once; only the time tells
		}
		return hash
	})}
	b.byID = gate.NewLookup(b.find)
	return b
}

// Check returns the agent whose address and password these are, or ErrCredentials: for an unknown address, a wrong password and a
// disabled agent alike, and after the same work, so that neither the answer nor the time says which it was.
func (b *Book) Check(ctx context.Context, email, password string) (Agent, error) {
	if utf8.RuneCountInString(password) > maxPassword {
		return Agent{}, ErrCredentials
	}
	a, err := b.ByEmail(ctx, email)
	known := err == nil && a.DisabledAt.IsZero()
	if err != nil && !errors.Is(err, ErrUnknown) {
		return Agent{}, err
	}
	if err := b.enter(ctx); err != nil {
		return Agent{}, err
	}
	defer b.leave()
	hash := b.fake()
	if known {
		row := b.db.QueryRowContext(ctx, `SELECT password_hash FROM agent WHERE id = $1`, string(a.ID))
		if err := row.Scan(&hash); err != nil {
			return Agent{}, named("check password", err)
		}
	}
	same, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil || !same || !known {
		return Agent{}, ErrCredentials
	}
	return a, nil
}

// SetPassword replaces an agent's password. It fails with Invalid or ErrUnknown.
func (b *Book) SetPassword(ctx context.Context, id inbox.AgentID, password string) error {
	hash, err := b.hash(ctx, password)
	if err != nil {
		return err
	}
	done, err := b.db.ExecContext(ctx, `UPDATE agent SET password_hash = $2, updated_at = $3 WHERE id = $1`,
		string(id), hash, b.now().UnixMilli())
	if err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	if n, err := done.RowsAffected(); err == nil && n == 0 {
		return ErrUnknown
	}
	return nil
}

func (b *Book) hash(ctx context.Context, password string) (string, error) {
	switch n := utf8.RuneCountInString(password); {
	case n < minPassword:
		return "", &Invalid{"password", "too_short"}
	case n > maxPassword:
		return "", &Invalid{"password", "too_long"}
	}
	if err := b.enter(ctx); err != nil {
		return "", err
	}
	defer b.leave()
	hash, err := argon2id.CreateHash(password, b.cost)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return hash, nil
}

func (b *Book) enter(ctx context.Context) error {
	select {
	case b.gate <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *Book) leave() { <-b.gate }
