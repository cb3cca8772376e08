package staging

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"sportello/inbox/db"
)

// Postgres is a PostgreSQL server with one database, reached through a socket in its folder. It does not flush to disk: processes die
// here, machines do not.
type Postgres struct {
	dir    string
	server string
	as     *syscall.Credential // nil: the user of this process
	run    *process
}

// NewPostgres makes the database in dir and starts its server.
func NewPostgres(ctx context.Context, dir string) (*Postgres, error) {
	initdb, err := program("initdb", "postgresql")
	if err != nil {
		return nil, err
	}
	p := &Postgres{dir: dir}
	if p.server, err = program("postgres", "postgresql"); err != nil {
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
	u, err := user.Lookup("postgres")
	if err != nil {
		return err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return err
	}
	p.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return os.Chown(p.dir, int(uid), int(gid))
}

func (p *Postgres) data() string { return filepath.Join(p.dir, "data") }

// URL is the address of the database, as settings have it.
func (p *Postgres) URL() string {
	return "postgres://postgres@/postgres?host=" + url.QueryEscape(p.dir)
}

// Start starts the server and waits until it answers. After Kill it waits for what is left of the run before.
func (p *Postgres) Start(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	for {
		if err = p.try(ctx); err == nil {
			return nil
		}
		if !pause(ctx, 200*time.Millisecond) {
			return err
		}
	}
}

func (p *Postgres) try(ctx context.Context) error {
	cmd := exec.Command(p.server, "-D", p.data(), "-k", p.dir, "-c", "listen_addresses=", //nolint:noctx // it outlives the call
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200", "-c", "shared_buffers=64MB")
	cmd.Dir = p.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.as}
	run, err := launch(cmd, filepath.Join(filepath.Dir(p.dir), "postgres.log"))
	if err != nil {
		return err
	}
	p.run = run
	return run.await(ctx, func(ctx context.Context) error {
		d, err := db.Open(ctx, p.URL())
		if err != nil {
			return err
		}
		return d.Close()
	})
}

// Kill ends the server as a crash does.
func (p *Postgres) Kill() { p.run.kill() }

// Stop ends the server in order, cutting its clients.
func (p *Postgres) Stop() error { return p.run.stop(syscall.SIGINT) }
