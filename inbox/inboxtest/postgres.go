package inboxtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"sportello/inbox/db"
)

// Databases runs a test on a fresh, migrated SQLite file and on a fresh, migrated PostgreSQL database.
func Databases(t *testing.T, test func(t *testing.T, d *db.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, Postgres(t)) })
}

// Postgres opens a fresh, migrated PostgreSQL record that is dropped with the test. It does not flush to disk.
func Postgres(t testing.TB) *db.DB {
	t.Helper()
	return openRecord(t, PostgresURL(t))
}

// PostgresURL is the address of a fresh, migrated PostgreSQL record that is dropped with the test.
func PostgresURL(t testing.TB) string {
	t.Helper()
	return urlOf(t, postgres)
}

// Durable opens a fresh, migrated PostgreSQL record on a server that flushes to disk with every commit, as in production. It is for
// measuring, and slower to start.
func Durable(t testing.TB) *db.DB {
	t.Helper()
	return openRecord(t, urlOf(t, durable))
}

func urlOf(t testing.TB, started func() (*server, error)) string {
	t.Helper()
	server, err := started()
	if err != nil {
		t.Fatalf("PostgreSQL is needed (Debian package: postgresql): %v", err)
	}
	name := fmt.Sprintf("test%d", server.count.Add(1))
	if err := server.run(`CREATE DATABASE ` + name + ` TEMPLATE ` + template); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.run(`DROP DATABASE ` + name + ` WITH (FORCE)`); err != nil {
			t.Error(err)
		}
	})
	return server.url(name)
}

func openRecord(t testing.TB, address string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

const template = "record"

// server is the PostgreSQL of this test binary. It is reached through a socket in its directory.
type server struct {
	dir   string
	count atomic.Int64
	mu    sync.Mutex // one CREATE DATABASE at a time: the template must have no other user
}

var (
	postgres = sync.OnceValues(func() (*server, error) { return startPostgres(scratch, volatile...) })
	durable  = sync.OnceValues(func() (*server, error) {
		return startPostgres(func(name string) (string, error) { return os.MkdirTemp("", name) })
	})
)

// volatile are the settings of a server that may forget everything when the machine stops.
var volatile = []string{"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "shared_buffers=64MB", "-c", "autovacuum=off"}

func startPostgres(place func(name string) (string, error), settings ...string) (*server, error) {
	bin, err := postgresBinaries()
	if err != nil {
		return nil, err
	}
	dir, err := place("record")
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir}
	if err := s.begin(bin, settings); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, s.prepare()
}

// begin makes the cluster and starts it, as the user postgres when we are root: PostgreSQL does not run as root.
func (s *server) begin(bin string, settings []string) error {
	as, err := unprivileged(s.dir)
	if err != nil {
		return err
	}
	data := filepath.Join(s.dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
		"--locale=C", "--no-sync", "--no-instructions")
	initdb.Dir, initdb.SysProcAttr = s.dir, &syscall.SysProcAttr{Credential: as}
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	log, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close() //nolint:errcheck // the child has its own handle
	cmd := exec.Command(filepath.Join(bin, "postgres"), append([]string{"-D", data, "-k", s.dir, "-c", "listen_addresses=",
		"-c", "max_connections=300"}, settings...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	return start(cmd, s.dir, syscall.SIGQUIT)
}

// prepare waits until the server answers and makes the template that every test's database is copied from.
func (s *server) prepare() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := until(ctx, func(context.Context) error { return s.run(`SELECT 1`) })
	if err == nil {
		err = s.run(`CREATE DATABASE ` + template)
	}
	if err != nil {
		return err
	}
	d, err := db.Open(ctx, s.url(template))
	if err != nil {
		return err
	}
	_, err = d.Migrate(ctx)
	return errors.Join(err, d.Close())
}

func (s *server) url(name string) string {
	return "postgres://postgres@/" + name + "?host=" + url.QueryEscape(s.dir)
}

// run runs one statement outside any test's database.
func (s *server) run(statement string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	conn, err := sql.Open("pgx", s.url("postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(statement)
	return errors.Join(err, conn.Close())
}

// unprivileged gives dir to the user postgres and returns his credential, or nil when we are not root.
func unprivileged(dir string) (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, os.Chown(dir, int(uid), int(gid))
}

// postgresBinaries is the directory of initdb and postgres; Debian keeps them out of the path, by version.
func postgresBinaries() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", errors.New("initdb is not installed")
	}
	return filepath.Dir(slices.Max(found)), nil
}
