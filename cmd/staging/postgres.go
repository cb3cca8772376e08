package staging

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"sportello/channels/pause"
	"sportello/cmd/staging/process"
	"sportello/inbox/db"
)

// startWait is how long a server may take to answer.
const startWait = time.Minute

// Postgres is a PostgreSQL server that is reached through a socket in its folder.
type Postgres struct {
	dir    string
	server string
	set    []string
	as     *syscall.Credential // nil: the user of this process
	run    *process.Process
}

// forgetful are the settings of a server that does not flush to disk: processes die here, machines do not.
var forgetful = []string{"fsync=off", "full_page_writes=off", "shared_buffers=64MB"}

// NewPostgres makes an empty server in dir, which it makes too, and starts it. settings are the server's, each as name=value. It runs as
// the user postgres when we are root, because PostgreSQL does not run as root. Its log is beside dir.
func NewPostgres(ctx context.Context, dir string, settings ...string) (*Postgres, error) {
	initdb, err := process.Program("initdb", "postgresql")
	if err != nil {
		return nil, err
	}
	p := &Postgres{dir: dir, set: settings}
	if p.server, err = process.Program("postgres", "postgresql"); err != nil {
		return nil, err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	if err := p.unprivileged(); err != nil {
		return nil, err
	}
	prepare := exec.CommandContext(ctx, initdb, "-D", p.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-instructions", "-N")
	prepare.Dir, prepare.SysProcAttr = dir, &syscall.SysProcAttr{Credential: p.as}
	if out, err := prepare.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	return p, p.Start(ctx)
}

// unprivileged hands the folder to the user postgres if we are root: PostgreSQL does not run as root.
func (p *Postgres) unprivileged() error {
	if os.Geteuid() != 0 {
		return nil
	}
	uid, gid, err := process.Account("postgres")
	if err != nil {
		return err
	}
	p.as = &syscall.Credential{Uid: uid, Gid: gid}
	return os.Chown(p.dir, int(uid), int(gid))
}

func (p *Postgres) data() string { return filepath.Join(p.dir, "data") }

// URL is the address of the first database, as settings have it.
func (p *Postgres) URL() string { return p.URLOf("postgres") }

// URLOf is the address of a database.
func (p *Postgres) URLOf(name string) string {
	return "postgres://postgres@/" + name + "?host=" + url.QueryEscape(p.dir)
}

// PID is the server's process.
func (p *Postgres) PID() int { return p.run.PID() }

// Start starts the server and waits until it answers. After Kill it waits for what is left of the run before.
func (p *Postgres) Start(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	for {
		if err = p.try(ctx); err == nil {
			return nil
		}
		if !pause.For(ctx, 200*time.Millisecond) {
			return err
		}
	}
}

func (p *Postgres) try(ctx context.Context) error {
	args := []string{"-D", p.data(), "-k", p.dir}
	for _, set := range append([]string{"listen_addresses=", "max_connections=200"}, p.set...) {
		args = append(args, "-c", set)
	}
	cmd := exec.Command(p.server, args...) //nolint:noctx // it outlives the call
	cmd.Dir = p.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.as}
	run, err := process.Launch(cmd, filepath.Join(filepath.Dir(p.dir), "postgres.log"), syscall.SIGINT)
	if err != nil {
		return err
	}
	p.run = run
	return run.Await(ctx, func(ctx context.Context) error {
		d, err := db.Open(ctx, p.URL())
		if err != nil {
			return err
		}
		return d.Close()
	})
}

// Kill ends the server as a crash does.
func (p *Postgres) Kill() { p.run.Kill() }

// Stop ends the server in order, cutting its clients.
func (p *Postgres) Stop() error { return p.run.Stop() }
