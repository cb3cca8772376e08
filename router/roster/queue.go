package roster

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"sportello/inbox"
	"sportello/inbox/db"
)

// Queue is where conversations wait. Its ID is the word that rules use.
type Queue struct {
	ID        inbox.QueueID `json:"id"`
	Name      string        `json:"name"`
	CreatedAt time.Time     `json:"created_at"`
}

var queueID = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}$`)

// Queues lists the queues in the order in which they were added; the first is where a rule set that nobody wrote sends everything.
func (b *Book) Queues(ctx context.Context) ([]Queue, error) {
	rows, err := b.db.QueryContext(ctx, `SELECT id, name, created_at FROM queue ORDER BY created_at, id`)
	if err != nil {
		return nil, fmt.Errorf("list queues: %w", err)
	}
	defer rows.Close()
	all := []Queue{}
	for rows.Next() {
		var (
			q  Queue
			at int64
		)
		if err := rows.Scan(&q.ID, &q.Name, &at); err != nil {
			return nil, fmt.Errorf("list queues: %w", err)
		}
		q.CreatedAt = time.UnixMilli(at).UTC()
		all = append(all, q)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list queues: %w", err)
	}
	return all, nil
}

// AddQueue adds a queue. It fails with Invalid or ErrTaken.
func (b *Book) AddQueue(ctx context.Context, q Queue) (Queue, error) {
	q.Name = strings.TrimSpace(q.Name)
	switch {
	case !queueID.MatchString(string(q.ID)):
		return Queue{}, &Invalid{"id", "format"}
	case q.Name == "":
		return Queue{}, &Invalid{"name", "required"}
	case utf8.RuneCountInString(q.Name) > 80:
		return Queue{}, &Invalid{"name", "too_long"}
	}
	q.CreatedAt = b.now().UTC().Truncate(time.Millisecond)
	_, err := b.db.ExecContext(ctx, `INSERT INTO queue (id, name, created_at) VALUES ($1, $2, $3)`,
		string(q.ID), q.Name, q.CreatedAt.UnixMilli())
	if db.IsUnique(err) {
		return Queue{}, ErrTaken
	}
	if err != nil {
		return Queue{}, fmt.Errorf("add queue: %w", err)
	}
	return q, nil
}

// checkQueues refuses a queue that does not exist: an agent who serves it would look busy with nothing.
func (b *Book) checkQueues(ctx context.Context, want []inbox.QueueID) error {
	if len(want) == 0 {
		return nil
	}
	have, err := b.Queues(ctx)
	if err != nil {
		return err
	}
	for _, q := range want {
		if !slices.ContainsFunc(have, func(h Queue) bool { return h.ID == q }) {
			return &Invalid{"queues", "unknown_queue"}
		}
	}
	return nil
}
