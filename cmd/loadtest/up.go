package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sportello/cmd/staging"
)

// upCmd starts everything and measures it.
type upCmd struct {
	measuring `embed:""`
	Rows      []string `help:"What to measure: ${enum}." enum:"limits,idle,chat,light,reply,reply-light,sms,sms-light,mail,embedded" default:"limits,idle,chat,light,reply,reply-light,sms,sms-light,mail,embedded"`
	Grow      string   `help:"Then load customers,messages,open conversations into a new record and measure the messages again." placeholder:"200000,2000000,10000"`
	Gateway   string   `help:"The gateway's program; built from the sources around here when not given." type:"path" placeholder:"FILE"`
	Dir       string   `help:"Folder for the servers' data, on the disk to be measured; a temporary one when not given." type:"path"`
	Postgres  []string `help:"Further settings of PostgreSQL, such as auto_explain.log_min_duration=10." sep:"none" placeholder:"NAME=VALUE"`
	Keep      bool     `help:"Leave the folder with data and logs."`
	JSON      bool     `help:"Print the figures as JSON."`
	Check     bool     `help:"Exit with 1 when a bar is missed."`
}

// rig is everything that up has started, to be ended in reverse.
type rig struct {
	dir    string
	binary string
	ends   []func() error

	postgres      *staging.Postgres
	cache         *staging.Redis
	redis, twilio string   // addresses
	settings      []string // of PostgreSQL, besides the usual
	statements    bool     // PostgreSQL counts them
	mail          *dovecot
	log           func(string)
}

// Run measures and prints.
func (c *upCmd) Run(w *world) (err error) {
	if err := os.MkdirAll(c.Dir, 0o755); c.Dir != "" && err != nil {
		return err
	}
	dir, err := os.MkdirTemp(c.Dir, "loadtest")
	if err != nil {
		return err
	}
	start := time.Now()
	r := &rig{dir: dir, binary: c.Gateway, settings: c.Postgres, log: func(s string) { fmt.Fprintf(w.err, "%6.1fs %s\n", time.Since(start).Seconds(), s) }}
	if c.Profile != "" {
		if err := os.MkdirAll(c.Profile, 0o755); err != nil {
			return err
		}
		r.settings = append(r.settings, "shared_preload_libraries=pg_stat_statements")
		r.statements = true
	}
	defer func() {
		err = errors.Join(err, r.close())
		if !c.Keep {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	if c.Keep {
		r.log("data and logs are in " + dir)
	}
	if err := r.begin(w.ctx); err != nil {
		return err
	}
	out := newReport()
	if err := c.all(w.ctx, r, out); err != nil && len(out.Rows) == 0 {
		return err
	} else if err != nil {
		defer func() { err = errors.Join(err, fmt.Errorf("the run is not complete")) }()
		r.log("failed: " + err.Error())
	}
	if c.JSON {
		err = out.writeJSON(w.out)
	} else {
		out.writeText(w.out)
	}
	if err == nil && c.Check && out.missed() > 0 {
		err = errMissed
	}
	return err
}

func (c *upCmd) wants(row string) bool { return slices.Contains(c.Rows, row) }

// contains is whether a list has a word.
func contains(list []string) func(string) bool {
	return func(word string) bool { return slices.Contains(list, word) }
}

// all measures everything asked for.
func (c *upCmd) all(ctx context.Context, r *rig, out *report) error {
	b := &bench{opt: c.measuring, dir: r.dir, say: r.log, limits: &limits{}, report: out,
		target: target{redis: r.redis, pids: map[string]int{"postgres": r.postgres.PID(), "redis": r.cache.PID(), "dovecot": r.mail.PID()}}}
	if c.wants("limits") {
		if err := createDatabase(ctx, r.postgres, "raw"); err != nil {
			return err
		}
		if err := b.measureLimits(ctx, r.postgres.URLOf("raw")); err != nil {
			return err
		}
		out.Limits = b.limits
	}
	if err := c.production(ctx, r, b); err != nil {
		return err
	}
	if c.wants("embedded") {
		if err := c.embedded(ctx, r, out); err != nil {
			return fmt.Errorf("embedded: %w", err)
		}
	}
	if c.Grow != "" {
		if err := c.grown(ctx, r, b); err != nil {
			return fmt.Errorf("grown: %w", err)
		}
	}
	return nil
}

// production measures a gateway on PostgreSQL and Redis.
func (c *upCmd) production(ctx context.Context, r *rig, b *bench) error {
	s, err := r.gateway(ctx, "record", freshMailbox)
	if err != nil {
		return err
	}
	// The agents sign in at one process and are measured at the next: checking a password takes 64 MiB for a moment, and their
	// sessions, which are in the record, outlive it.
	if err := r.launch(ctx, s, b); err != nil {
		return err
	}
	if err := b.signIn(ctx); err != nil {
		return err
	}
	if c.wants("idle") {
		if err := s.Stop(); err != nil {
			return err
		}
		if err := r.launch(ctx, s, b); err != nil {
			return err
		}
		if err := b.idleRows(ctx); err != nil {
			return err
		}
		if err := s.Stop(); err != nil {
			return err
		}
		if err := r.launch(ctx, s, b); err != nil {
			return err
		}
	}
	if err := c.messages(ctx, r, b, freshMailbox); err != nil {
		return err
	}
	return s.Stop()
}

// messages measures the kinds of messages that are asked for.
func (c *upCmd) messages(ctx context.Context, r *rig, b *bench, mailbox string) error {
	if slices.ContainsFunc([]string{"chat", "light", "reply", "reply-light"}, c.wants) {
		if err := b.chatRows(ctx, c.wants); err != nil {
			return err
		}
	}
	if err := b.smsRows(ctx, c.wants); err != nil {
		return fmt.Errorf("sms: %w", err)
	}
	if c.wants("mail") {
		if err := b.mailRow(ctx, r.mail, mailbox); err != nil {
			return fmt.Errorf("mail: %w", err)
		}
	}
	return nil
}

// embedded measures a gateway that needs no server: SQLite and the Redis of its own process.
func (c *upCmd) embedded(ctx context.Context, r *rig, out *report) error {
	dir, err := r.sub("embedded")
	if err != nil {
		return err
	}
	s, err := prepareGateway(ctx, r.binary, gatewaySettings{Record: "sqlite:" + filepath.Join(dir, "record.db"), Redis: "embedded", Dir: dir})
	if err != nil {
		return err
	}
	b := &bench{opt: c.measuring, dir: r.dir, say: r.log, limits: &limits{}, report: out, prefix: "embedded default: ",
		target: target{pids: map[string]int{}, lite: true}}
	if err := r.launch(ctx, s, b); err != nil {
		return err
	}
	if err := b.signIn(ctx); err != nil {
		return err
	}
	if err := b.chatRows(ctx, func(row string) bool { return row == "chat" }); err != nil {
		return err
	}
	return s.Stop()
}

// begin builds the gateway and starts the servers around it.
func (r *rig) begin(ctx context.Context) error {
	if err := os.Chmod(r.dir, 0o755); err != nil { // servers enter it after they have dropped root
		return err
	}
	if r.binary == "" {
		r.log("build the gateway")
		r.binary = filepath.Join(r.dir, "gateway")
		if err := build(ctx, r.binary); err != nil {
			return err
		}
	}
	r.log("start PostgreSQL, Redis, Dovecot")
	var err error
	if r.postgres, err = staging.NewPostgres(ctx, r.path("postgres"), append(slices.Clone(durable), r.settings...)...); r.postgres != nil {
		r.ends = append(r.ends, r.postgres.Stop)
	}
	if err != nil {
		return err
	}
	r.cache, err = staging.NewRedis(ctx, r.path("redis"), staging.Single)
	r.ends = append(r.ends, r.cache.Stop)
	if err != nil {
		return err
	}
	r.redis = r.cache.Addresses()[0]
	dir, err := r.sub("dovecot")
	if err != nil {
		return err
	}
	if r.mail, err = startDovecot(ctx, dir); r.mail != nil && r.mail.Process != nil {
		r.ends = append(r.ends, r.mail.Stop)
	}
	if err != nil {
		return err
	}
	address, stop, err := startTwilio(ctx)
	if err != nil {
		return err
	}
	r.twilio = address
	r.ends = append(r.ends, func() error { stop(); return nil })
	return nil
}

// gateway prepares a gateway on a new database of this name, which reads a mailbox.
func (r *rig) gateway(ctx context.Context, database, mailbox string) (*server, error) {
	dir, err := r.sub("gateway-" + database)
	if err != nil {
		return nil, err
	}
	if err := createDatabase(ctx, r.postgres, database); err != nil {
		return nil, err
	}
	if r.statements {
		if err := execute(ctx, r.postgres.URLOf(database), `CREATE EXTENSION pg_stat_statements`); err != nil {
			return nil, err
		}
	}
	set := gatewaySettings{Record: r.postgres.URLOf(database), Redis: r.redis, Dir: dir, Mail: r.mail, Mailbox: mailbox, Twilio: r.twilio}
	s, err := prepareGateway(ctx, r.binary, set)
	if err != nil {
		return nil, err
	}
	s.record = set.Record
	return s, nil
}

// launch starts a gateway and points a bench at it.
func (r *rig) launch(ctx context.Context, s *server, b *bench) error {
	r.log(b.prefix + "start the gateway, which shows itself at " + s.metrics)
	if err := s.start(ctx); err != nil {
		return err
	}
	r.ends = append(r.ends, s.Stop)
	b.public, b.metrics, b.origin, b.account, b.record = s.public, s.metrics, website, chatAccount, s.record
	b.manager, b.password, b.agents = manager, password, nil
	for i := range desks {
		b.agents = append(b.agents, deskEmail(i))
	}
	b.smsURL = s.public + "/hooks/sms/" + smsAccount + "/inbound"
	b.pids["gateway"] = s.PID()
	return nil
}

func (r *rig) path(name string) string { return filepath.Join(r.dir, name) }

func (r *rig) sub(name string) (string, error) {
	return r.path(name), os.Mkdir(r.path(name), 0o755)
}

// close ends everything in reverse order.
func (r *rig) close() error {
	var errs []error
	for _, end := range slices.Backward(r.ends) {
		errs = append(errs, end())
	}
	return errors.Join(errs...)
}

// numbers reads "200000,2000000,10000".
func numbers(s string, into ...*int) error {
	parts := strings.Split(s, ",")
	if len(parts) != len(into) {
		return fmt.Errorf("%q is not %d numbers with commas between", s, len(into))
	}
	for i, p := range parts {
		if _, err := fmt.Sscanf(strings.TrimSpace(p), "%d", into[i]); err != nil || *into[i] < 0 {
			return fmt.Errorf("%q is not a number", p)
		}
	}
	return nil
}
