package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"sportello/inbox/db"
)

// profiling is started with a measurement and tells afterwards where the time went: the gateway's by pprof, PostgreSQL's by
// pg_stat_statements. It costs a few per cent.
type profiling struct {
	b      *bench
	name   string // of the files
	record *db.DB // nil without PostgreSQL
}

// profile begins a profiling, or returns nil when none is wanted.
func (b *bench) profile(ctx context.Context, row string) (*profiling, error) {
	if b.opt.Profile == "" {
		return nil, nil
	}
	p := &profiling{b: b, name: filepath.Join(b.opt.Profile, strings.NewReplacer(": ", "-", " ", "-").Replace(b.prefix+row))}
	if b.lite {
		return p, nil
	}
	var err error
	if p.record, err = db.Open(ctx, b.record); err != nil {
		return nil, err
	}
	_, err = p.record.ExecContext(ctx, `SELECT pg_stat_statements_reset()`)
	return p, err
}

// gateway keeps the gateway's CPU profile of the measured time.
func (p *profiling) gateway(ctx context.Context) {
	address := fmt.Sprintf("%s/debug/pprof/profile?seconds=%d", p.b.metrics, max(p.b.opt.Seconds-1, 1))
	if err := download(ctx, address, p.name+".pprof"); err != nil {
		p.b.say("no profile: " + err.Error())
	}
}

// statements keeps what PostgreSQL did meanwhile, for each of so many messages.
func (p *profiling) statements(ctx context.Context, messages int64) error {
	if p.record == nil {
		return nil
	}
	defer p.record.Close() //nolint:errcheck // it is only read
	rows, err := p.record.QueryContext(ctx, `SELECT calls, total_exec_time, rows, query FROM pg_stat_statements s
		JOIN pg_database d ON d.oid = s.dbid AND d.datname = current_database() ORDER BY total_exec_time DESC LIMIT 60`)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err says what matters
	var text strings.Builder
	fmt.Fprintf(&text, "%d messages; for each: calls, ms, rows\n", messages)
	n := float64(max(messages, 1))
	for rows.Next() {
		var calls, ms, touched float64
		var query string
		if err := rows.Scan(&calls, &ms, &touched, &query); err != nil {
			return err
		}
		fmt.Fprintf(&text, "%8.3f %8.4f %8.2f  %s\n", calls/n, ms/n, touched/n, strings.Join(strings.Fields(query), " "))
	}
	return joined(rows.Err(), os.WriteFile(p.name+".sql.txt", []byte(text.String()), 0o600))
}

func download(ctx context.Context, address, file string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close() //nolint:errcheck // it is only read
	raw, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", res.Status, raw)
	}
	if err != nil {
		return err
	}
	return os.WriteFile(file, raw, 0o600)
}
