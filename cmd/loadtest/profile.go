package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"sportello/inbox/db"
)

// profiling is started with a measurement and tells afterwards where the time went: the gateway's by pprof, PostgreSQL's by
// pg_stat_statements. It costs a few per cent.
type profiling struct {
	b      *bench
	name   string // of the files
	record *db.DB // nil without PostgreSQL

	looking sync.WaitGroup
	failed  error // of the look at the gateway
}

// reasons are the heaviest places of a row.
type reasons struct {
	Own        []share     `json:"packages,omitempty"`   // of the gateway's processor time: our packages with what they call of others
	Leaves     []share     `json:"code,omitempty"`       // of the same: the packages whose code ran
	Statements []statement `json:"statements,omitempty"` // of PostgreSQL
}

// statement is what PostgreSQL was asked, for each message.
type statement struct {
	Calls float64 `json:"calls_each"`
	MS    float64 `json:"ms_each"`
	Rows  float64 `json:"rows_each"`
	Text  string  `json:"text"`
}

const places = 3 // that are told of each kind

func (r *reasons) writeText(w io.Writer) {
	list := func(all []share) string {
		words := make([]string, len(all))
		for i, s := range all {
			words[i] = fmt.Sprintf("%s %.0f %%", s.Name, 100*s.Share)
		}
		return strings.Join(words, ", ")
	}
	if len(r.Own) > 0 {
		fmt.Fprintf(w, "  gateway's CPU by our packages: %s\n", list(r.Own))
		fmt.Fprintf(w, "  gateway's CPU by running code: %s\n", list(r.Leaves))
	}
	for _, s := range r.Statements {
		fmt.Fprintf(w, "  PostgreSQL %.3f ms each: %.90s\n", s.MS, s.Text)
	}
}

// profile prepares a profiling, or returns nil when none is wanted. A nil one does nothing.
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

// begin looks at the gateway for the usual time, until end or until stop is called, which gives everything back.
func (p *profiling) begin(ctx context.Context) (stop func()) {
	if p == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	p.looking.Go(func() {
		address := fmt.Sprintf("%s/debug/pprof/profile?seconds=%d", p.b.metrics, max(p.b.opt.Seconds-1, 1))
		p.failed = download(ctx, address, p.name+".pprof")
	})
	return func() {
		cancel()
		p.looking.Wait()
		if p.record != nil {
			_ = p.record.Close() // it was only read
		}
	}
}

// end tells where the time went, of which so many messages were the outcome, and keeps all that it knows in the folder.
func (p *profiling) end(ctx context.Context, messages int64) (*reasons, error) {
	if p == nil {
		return nil, nil
	}
	all, err := p.statements(ctx, float64(max(messages, 1)))
	if err != nil {
		return nil, err
	}
	r := &reasons{Statements: all[:min(places, len(all))]}
	if p.looking.Wait(); p.failed != nil {
		p.b.say("no profile: " + p.failed.Error())
		return r, nil
	}
	raw, err := os.ReadFile(p.name + ".pprof")
	if err == nil {
		r.Own, r.Leaves, err = heaviest(raw, places)
	}
	return r, err
}

// statements keeps and returns what PostgreSQL did, for each of so many messages.
func (p *profiling) statements(ctx context.Context, messages float64) (all []statement, err error) {
	if p.record == nil {
		return nil, nil
	}
	rows, err := p.record.QueryContext(ctx, `SELECT calls, total_exec_time, rows, query FROM pg_stat_statements s
		JOIN pg_database d ON d.oid = s.dbid AND d.datname = current_database() ORDER BY total_exec_time DESC LIMIT 60`)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err says what matters
	var text strings.Builder
	fmt.Fprintf(&text, "%.0f messages; for each: calls, ms, rows\n", messages)
	for rows.Next() {
		var s statement
		if err := rows.Scan(&s.Calls, &s.MS, &s.Rows, &s.Text); err != nil {
			return nil, err
		}
		s.Calls, s.MS, s.Rows, s.Text = s.Calls/messages, s.MS/messages, s.Rows/messages, strings.Join(strings.Fields(s.Text), " ")
		fmt.Fprintf(&text, "%8.3f %8.4f %8.2f  %s\n", s.Calls, s.MS, s.Rows, s.Text)
		all = append(all, s)
	}
	return all, joined(rows.Err(), os.WriteFile(p.name+".sql.txt", []byte(text.String()), 0o600))
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
