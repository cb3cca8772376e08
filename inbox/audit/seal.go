package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"sportello/inbox/db"
	"sportello/inbox/journal"
)

// A day (UTC) is sealed once it has been over for a while: its seal binds where every stream stood that grew on it, and the seal before.
// The first seal of a record binds all streams. So a seal can be recomputed from its heads alone, and every head points into a chain.

const (
	afterMidnight = time.Hour // transactions and clocks of other nodes may be late
	oneDay        = 24 * time.Hour
	sealPeriod    = 10 * time.Minute // between looks whether a day has ended
)

func sealDay(at time.Time) string { return at.UTC().Format(time.DateOnly) }

// seal is one row of the table.
type seal struct{ day, hash string }

// over is the seal of a day: over the seal before it and the day's heads, whatever their order.
func over(before, day string, heads []head) string {
	slices.SortFunc(heads, func(a, b head) int { return strings.Compare(string(a.stream), string(b.stream)) })
	d := journal.NewDigest(160 * (len(heads) + 1)).Text(before).Text(day)
	for _, h := range heads {
		d = d.Text(string(h.stream)).Int(h.seq).Text(h.hash)
	}
	return d.String()
}

// Seal seals every day that is over and has no seal. It returns how many it sealed. Several programs may call it at once.
func (a *Auditor) Seal(ctx context.Context) (int, error) {
	until := a.now().UTC().Add(-afterMidnight).Truncate(oneDay) // the beginning of the first day that is not over
	days, before, err := a.unsealed(ctx, until)
	if err != nil {
		return 0, fmt.Errorf("seal: %w", err)
	}
	if len(days) == 0 {
		return 0, nil
	}
	n := 0
	err = a.db.Tx(ctx, func(tx *sql.Tx) error {
		n = 0
		if err := a.db.Lock(ctx, tx, "seal"); err != nil {
			return err
		}
		if now, err := newest(ctx, tx); err != nil || now != before {
			return err // another program was faster
		}
		last := before
		for _, d := range days {
			last = seal{d.name, over(last.hash, d.name, d.heads)}
			if err := write(ctx, tx, last, d.heads, a.now()); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("seal: %w", err)
	}
	return n, nil
}

// Newest is the newest seal: its day, "" when nothing is sealed, and its hash.
func (a *Auditor) Newest(ctx context.Context) (day, hash string, err error) {
	s, err := newest(ctx, a.db)
	if err != nil {
		return "", "", fmt.Errorf("read seal: %w", err)
	}
	return s.day, s.hash, nil
}

// grown is a day with the streams that grew on it.
type grown struct {
	name  string
	heads []head
}

// unsealed lists the days to seal, and the seal before them. It reads only: to look through many events takes its time, and no writer
// waits for it.
func (a *Auditor) unsealed(ctx context.Context, until time.Time) ([]grown, seal, error) {
	last, err := newest(ctx, a.db)
	if err != nil {
		return nil, seal{}, err
	}
	first, since := until.Add(-oneDay), time.Time{}
	if last.day != "" {
		sealed, err := time.Parse(time.DateOnly, last.day)
		if err != nil {
			return nil, seal{}, err
		}
		first, since = sealed.Add(oneDay), sealed.Add(oneDay)
	}
	if !first.Before(until) {
		return nil, last, nil
	}
	all, err := heads(ctx, a.db, since, until)
	if err != nil || last.day == "" && len(all) == 0 {
		return nil, last, err // the first seal waits for something to seal
	}
	var days []grown
	for day := first; day.Before(until); day = day.Add(oneDay) {
		d := grown{sealDay(day), all[sealDay(day)]}
		if last.day == "" {
			d.heads = merge(all, d.name)
		}
		days = append(days, d)
	}
	return days, last, nil
}

func newest(ctx context.Context, q db.Querier) (s seal, err error) {
	err = q.QueryRowContext(ctx, `SELECT day, hash FROM seal ORDER BY day DESC LIMIT 1`).Scan(&s.day, &s.hash)
	if errors.Is(err, sql.ErrNoRows) {
		return seal{}, nil
	}
	return s, err
}

// heads finds where each stream stood at the end of each day on which it grew.
func heads(ctx context.Context, q db.Querier, since, until time.Time) (map[string][]head, error) {
	from := int64(0)
	if !since.IsZero() {
		from = since.UnixMilli()
	}
	const day = int64(oneDay / time.Millisecond)
	all, err := list(ctx, q, func(rows *sql.Rows) (h head, err error) {
		var n int64
		err = rows.Scan(&n, &h.stream, &h.seq, &h.hash)
		h.day = sealDay(time.UnixMilli(n * day))
		return h, err
	}, `SELECT d.n, d.stream, d.seq, e.hash FROM (
			SELECT at / 86400000 AS n, stream, MAX(seq) AS seq FROM event WHERE at >= $1 AND at < $2 GROUP BY at / 86400000, stream) d
		JOIN event e ON e.stream = d.stream AND e.seq = d.seq`, from, until.UnixMilli())
	days := map[string][]head{}
	for _, h := range all {
		days[h.day] = append(days[h.day], h)
	}
	return days, err
}

// merge makes the heads of the first seal, of that day: those of all streams.
func merge(days map[string][]head, day string) []head {
	last := map[journal.Stream]head{}
	for _, some := range days {
		for _, h := range some {
			if h.seq > last[h.stream].seq {
				h.day = day
				last[h.stream] = h
			}
		}
	}
	var all []head
	for _, h := range last {
		all = append(all, h)
	}
	return all
}

func write(ctx context.Context, tx *sql.Tx, s seal, of []head, at time.Time) error {
	if _, err := tx.ExecContext(ctx, `INSERT INTO seal (day, hash, at) VALUES ($1, $2, $3)`, s.day, s.hash, at.UnixMilli()); err != nil {
		return err
	}
	for some := range slices.Chunk(of, 500) {
		marks, args := make([]string, len(some)), make([]any, 0, 4*len(some))
		for i, h := range some {
			n := len(args)
			marks[i] = fmt.Sprintf("($%d, $%d, $%d, $%d)", n+1, n+2, n+3, n+4)
			args = append(args, s.day, string(h.stream), h.seq, h.hash)
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO seal_head (day, stream, seq, hash) VALUES `+strings.Join(marks, ", "), args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// seals recomputes the seals of the query's days.
func (x *examination) seals(ctx context.Context) error {
	last, err := newest(ctx, x.tx)
	if err != nil {
		return err
	}
	x.sheet.Sealed, x.sheet.Seal = last.day, last.hash
	from, through := sealDay(x.q.From), sealDay(x.q.Until.Add(-1))
	var before seal
	err = x.tx.QueryRowContext(ctx, `SELECT day, hash FROM seal WHERE day < $1 ORDER BY day DESC LIMIT 1`, from).Scan(&before.day, &before.hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	seals, err := list(ctx, x.tx, func(rows *sql.Rows) (s seal, err error) { return s, rows.Scan(&s.day, &s.hash) },
		`SELECT day, hash FROM seal WHERE day >= $1 AND day <= $2 ORDER BY day`, from, through)
	if err != nil {
		return err
	}
	for _, s := range seals {
		of, err := list(ctx, x.tx, scanHead, `SELECT day, stream, seq, hash FROM seal_head WHERE day = $1`, s.day)
		if err != nil {
			return err
		}
		x.follows(before, s, of)
		before = s
	}
	return nil
}

// follows holds a seal against its heads and the seal before it.
func (x *examination) follows(before, s seal, of []head) {
	if before.day != "" {
		if day, err := time.Parse(time.DateOnly, before.day); err == nil && sealDay(day.Add(oneDay)) != s.day {
			x.found(Finding{Code: SealMissing, Day: sealDay(day.Add(oneDay)), Detail: fmt.Sprintf("there is no seal between those of %s and %s", before.day, s.day)})
			return
		}
	}
	if over(before.hash, s.day, of) != s.hash {
		x.found(Finding{Code: SealAltered, Day: s.day, Detail: fmt.Sprintf("the seal of %s does not fit its heads, or the seal before it", s.day)})
	}
}

// Sealer seals days as they end. Every node may run one.
type Sealer struct {
	auditor *Auditor
	log     *slog.Logger
}

// NewSealer makes the sealer of a record.
func NewSealer(a *Auditor, log *slog.Logger) *Sealer { return &Sealer{a, log} }

// Run seals until ctx ends; then it returns nil. It does not look before the first period is over: the first seal of a large record
// reads all of it, and a program that has just started has more urgent things to do. What fails is tried again.
func (s *Sealer) Run(ctx context.Context) error {
	tick := time.NewTicker(sealPeriod)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		n, err := s.auditor.Seal(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			s.log.Warn("days wait to be sealed", "err", err)
		case n > 0:
			s.log.Info("days sealed", "days", n)
		}
	}
}
