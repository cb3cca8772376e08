package roster

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/google/uuid"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/db"
	"sportello/inbox/gate"
)

// Book reads and writes the roster. It is safe for concurrent use.
type Book struct {
	db   *db.DB
	now  func() time.Time
	cost *argon2id.Params
	gate chan struct{} // each password costs 64 MiB while it is checked: at most cap(gate) at once
	fake func() string // the hash that unknown addresses are checked against
	byID *gate.Lookup[inbox.AgentID, Agent]
}

const agentColumns = `id, email, name, public_name, role, locale, skills, queues, capacity, offer_factor, disabled_at, created_at, updated_at`

// Agents lists everybody by name, disabled ones included.
func (b *Book) Agents(ctx context.Context) ([]Agent, error) {
	rows, err := b.db.QueryContext(ctx, `SELECT `+agentColumns+` FROM agent ORDER BY name, id`)
	if err != nil {
		return nil, fmt.Errorf("list agents: %w", err)
	}
	defer rows.Close()
	all := []Agent{}
	for rows.Next() {
		a, err := scanAgent(rows)
		if err != nil {
			return nil, fmt.Errorf("list agents: %w", err)
		}
		all = append(all, a)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list agents: %w", err)
	}
	return all, nil
}

// Agent returns one agent, or ErrUnknown. Those who ask at the same time share the question, and the agent's lists.
func (b *Book) Agent(ctx context.Context, id inbox.AgentID) (Agent, error) {
	a, ok, err := b.byID.Get(ctx, id)
	if err == nil && !ok {
		err = sql.ErrNoRows
	}
	return a, named("agent", err)
}

// find reads agents by their ids.
func (b *Book) find(ctx context.Context, ids []inbox.AgentID) (map[inbox.AgentID]Agent, error) {
	with, args := b.db.With("w", db.Texts("id", ids, func(id inbox.AgentID) inbox.AgentID { return id }))
	found := make(map[inbox.AgentID]Agent, len(ids))
	return found, b.db.Read(ctx, db.Ask(func(row db.Row) error {
		a, err := scanAgent(row)
		found[a.ID] = a
		return err
	}, `WITH `+with+` SELECT `+agentColumns+` FROM agent WHERE id IN (SELECT w.id FROM w)`, args...))
}

// ByEmail returns the agent with the address, in any case, or ErrUnknown.
func (b *Book) ByEmail(ctx context.Context, email string) (Agent, error) {
	a, err := scanAgent(b.db.QueryRowContext(ctx, `SELECT `+agentColumns+` FROM agent WHERE email = $1`, normal(email)))
	return a, named("agent", err)
}

// Staff is everybody in the roster, also who is disabled, as a mail may name him: his address with his name, and once more with the name
// that customers see when that is another.
func (b *Book) Staff(ctx context.Context) ([]channels.Address, error) {
	var all []channels.Address
	err := b.db.Read(ctx, db.Ask(func(row db.Row) error {
		a, public := channels.Address{Kind: channels.Email}, ""
		err := row.Scan(&a.Value, &a.Name, &public)
		all = append(all, a)
		if public != "" && public != a.Name {
			all = append(all, channels.Address{Kind: channels.Email, Value: a.Value, Name: public})
		}
		return err
	}, `SELECT email, name, public_name FROM agent`))
	if err != nil {
		return nil, fmt.Errorf("read staff: %w", err)
	}
	return all, nil
}

// Add puts an agent in the roster. An empty ID is filled in. It fails with Invalid, or with ErrTaken when the id or the address
// is somebody's already.
func (b *Book) Add(ctx context.Context, a Agent, password string) (Agent, error) {
	a = a.fill()
	if err := a.check(); err != nil {
		return Agent{}, err
	}
	if err := b.checkQueues(ctx, a.Queues); err != nil {
		return Agent{}, err
	}
	if a.ID == "" {
		id, err := uuid.NewV7()
		if err != nil {
			return Agent{}, fmt.Errorf("add agent: %w", err)
		}
		a.ID = inbox.AgentID(id.String())
	}
	hash, err := b.hash(ctx, password)
	if err != nil {
		return Agent{}, err
	}
	a.CreatedAt = b.now().UTC().Truncate(time.Millisecond)
	a.UpdatedAt = a.CreatedAt
	skills, queues, capacity := packed(a)
	_, err = b.db.ExecContext(ctx, `INSERT INTO agent (id, email, name, public_name, password_hash, role, locale, skills, queues, capacity,
		offer_factor, disabled_at, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		string(a.ID), a.Email, a.Name, a.PublicName, hash, string(a.Role), a.Locale, skills, queues, capacity,
		a.OfferFactor, db.Millis(a.DisabledAt), a.CreatedAt.UnixMilli(), a.UpdatedAt.UnixMilli())
	if db.IsUnique(err) {
		return Agent{}, ErrTaken
	}
	if err != nil {
		return Agent{}, fmt.Errorf("add agent: %w", err)
	}
	return a, nil
}

// Update writes everything of an agent but his password. It fails with Invalid, ErrUnknown or ErrTaken.
func (b *Book) Update(ctx context.Context, a Agent) (Agent, error) {
	a = a.fill()
	if err := a.check(); err != nil {
		return Agent{}, err
	}
	if err := b.checkQueues(ctx, a.Queues); err != nil {
		return Agent{}, err
	}
	skills, queues, capacity := packed(a)
	row := b.db.QueryRowContext(ctx, `UPDATE agent SET email = $2, name = $3, public_name = $4, role = $5, locale = $6, skills = $7,
		queues = $8, capacity = $9, offer_factor = $10, disabled_at = $11, updated_at = $12 WHERE id = $1 RETURNING `+agentColumns,
		string(a.ID), a.Email, a.Name, a.PublicName, string(a.Role), a.Locale, skills, queues, capacity, a.OfferFactor,
		db.Millis(a.DisabledAt), b.now().UnixMilli())
	updated, err := scanAgent(row)
	if db.IsUnique(err) {
		return Agent{}, ErrTaken
	}
	return updated, named("update agent", err)
}

// scanner is a row or the rows.
type scanner interface{ Scan(dest ...any) error }

func scanAgent(row scanner) (Agent, error) {
	var (
		a                         Agent
		skills, queues, capacity  string
		disabled, created, change sql.NullInt64
	)
	err := row.Scan(&a.ID, &a.Email, &a.Name, &a.PublicName, &a.Role, &a.Locale, &skills, &queues, &capacity, &a.OfferFactor,
		&disabled, &created, &change)
	if err != nil {
		return Agent{}, err
	}
	a.DisabledAt, a.CreatedAt, a.UpdatedAt = db.Time(disabled), db.Time(created), db.Time(change)
	return a, errors.Join(json.Unmarshal([]byte(skills), &a.Skills), json.Unmarshal([]byte(queues), &a.Queues),
		json.Unmarshal([]byte(capacity), &a.Capacity))
}

// packed is the JSON of the three lists; they are of plain types, which always have one. A nil list is stored as [].
func packed(a Agent) (skills, queues, capacity string) {
	if a.Skills == nil {
		a.Skills = []inbox.Requirement{}
	}
	if a.Queues == nil {
		a.Queues = []inbox.QueueID{}
	}
	s, _ := json.Marshal(a.Skills)
	q, _ := json.Marshal(a.Queues)
	c, _ := json.Marshal(a.Capacity)
	return string(s), string(q), string(c)
}

func named(what string, err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrUnknown
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func normal(email string) string { return strings.ToLower(strings.TrimSpace(email)) }
