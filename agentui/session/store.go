package session

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"sportello/inbox/db"
	"sportello/inbox/gate"
)

// store keeps sessions in the record's table session. Tokens come to it hashed.
type store struct {
	db     *db.DB
	now    func() time.Time
	lookup *gate.Lookup[string, string] // data by token
}

func newStore(d *db.DB, now func() time.Time) *store {
	s := &store{db: d, now: now}
	s.lookup = gate.NewLookup(s.find)
	return s
}

// FindCtx implements scs.CtxStore. Requests that come at the same time share the question.
func (s *store) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	data, ok, err := s.lookup.Get(ctx, token)
	if err != nil {
		return nil, false, fmt.Errorf("find session: %w", err)
	}
	return []byte(data), ok, nil
}

// find reads the sessions that stand.
func (s *store) find(ctx context.Context, tokens []string) (map[string]string, error) {
	with, args := s.db.With("w", db.Texts("token", tokens, func(t string) string { return t }),
		db.Ints("now", tokens, func(string) int64 { return s.now().UnixMilli() }))
	found := make(map[string]string, len(tokens))
	return found, s.db.Read(ctx, db.Ask(func(row db.Row) error {
		var token, data string
		err := row.Scan(&token, &data)
		found[token] = data
		return err
	}, `WITH `+with+` SELECT s.token, s.data FROM w JOIN session s ON s.token = w.token WHERE s.expires_at > w.now`, args...))
}

// CommitCtx implements scs.CtxStore.
func (s *store) CommitCtx(ctx context.Context, token string, data []byte, until time.Time) error {
	_, err := s.db.ExecContext(ctx, `INSERT INTO session (token, data, expires_at) VALUES ($1, $2, $3)
		ON CONFLICT (token) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at`, token, string(data), until.UnixMilli())
	if err != nil {
		return fmt.Errorf("write session: %w", err)
	}
	return nil
}

// DeleteCtx implements scs.CtxStore.
func (s *store) DeleteCtx(ctx context.Context, token string) error {
	if _, err := s.db.ExecContext(ctx, `DELETE FROM session WHERE token = $1`, token); err != nil {
		return fmt.Errorf("delete session: %w", err)
	}
	return nil
}

// Find implements scs.Store; scs calls the form with a context.
func (s *store) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit implements scs.Store.
func (s *store) Commit(token string, data []byte, until time.Time) error {
	return s.CommitCtx(context.Background(), token, data, until)
}

// Delete implements scs.Store.
func (s *store) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

// prolong changes a session that is there.
func (s *store) prolong(ctx context.Context, token string, data []byte, until time.Time) error {
	_, err := s.db.ExecContext(ctx, `UPDATE session SET data = $2, expires_at = $3 WHERE token = $1`, token, string(data), until.UnixMilli())
	if err != nil {
		return fmt.Errorf("prolong session: %w", err)
	}
	return nil
}

func (s *store) alive(ctx context.Context, token string) (bool, error) {
	_, ok, err := s.FindCtx(ctx, token)
	return ok, err
}

func (s *store) sweep(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, `DELETE FROM session WHERE expires_at <= $1`, s.now().UnixMilli())
	if err != nil {
		return fmt.Errorf("sweep sessions: %w", err)
	}
	return nil
}

// codec writes a session as JSON, since the column is text.
type codec struct{}

type coded struct {
	Deadline int64          `json:"deadline"` // UTC milliseconds
	Values   map[string]any `json:"values"`
}

// Encode implements scs.Codec.
func (codec) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	return json.Marshal(coded{deadline.UnixMilli(), values})
}

// Decode implements scs.Codec.
func (codec) Decode(data []byte) (time.Time, map[string]any, error) {
	var c coded
	if err := json.Unmarshal(data, &c); err != nil {
		return time.Time{}, nil, fmt.Errorf("decode session: %w", err)
	}
	if c.Values == nil {
		c.Values = map[string]any{}
	}
	return time.UnixMilli(c.Deadline).UTC(), c.Values, nil
}
