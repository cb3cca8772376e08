package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"text/template"
	"time"

	"sportello/channels/channeltest"
	"sportello/inbox/db"
)

// The servers around the gateway, as they are run in production: what is said to be kept is flushed to disk.

// startPostgres starts a PostgreSQL in dir, which is reached through a socket there. It runs as the user postgres when we are root,
// because PostgreSQL does not run as root. more are further settings, each as name=value.
func startPostgres(ctx context.Context, dir string, more ...string) (*child, error) {
	initdb, err := program("initdb", "postgresql")
	if err != nil {
		return nil, err
	}
	server, err := program("postgres", "postgresql")
	if err != nil {
		return nil, err
	}
	attr := func() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
	if os.Geteuid() == 0 {
		uid, gid, err := account("postgres")
		if err != nil {
			return nil, err
		}
		if err := os.Chown(dir, uid, gid); err != nil {
			return nil, err
		}
		attr = func() *syscall.SysProcAttr {
			return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
		}
	}
	data, log := filepath.Join(dir, "data"), filepath.Join(filepath.Dir(dir), "postgres.log")
	prepare := exec.CommandContext(ctx, initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-instructions")
	prepare.Dir, prepare.SysProcAttr = dir, attr()
	if out, err := prepare.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	args := []string{"-D", data, "-k", dir}
	for _, set := range append([]string{"listen_addresses=", "fsync=on", "synchronous_commit=on", "max_connections=200", "shared_buffers=256MB",
		"max_wal_size=4GB"}, more...) {
		args = append(args, "-c", set)
	}
	cmd := exec.Command(server, args...) //nolint:noctx // it outlives the call
	cmd.Dir, cmd.SysProcAttr = dir, attr()
	c, err := spawn(cmd, log, syscall.SIGINT)
	if err != nil {
		return nil, err
	}
	return c, c.await(ctx, log, func(ctx context.Context) error {
		d, err := db.Open(ctx, postgresURL(dir, "postgres"))
		if err != nil {
			return err
		}
		return d.Close()
	})
}

func postgresURL(dir, name string) string {
	return "postgres://postgres@/" + name + "?host=" + url.QueryEscape(dir)
}

// createDatabase makes an empty database.
func createDatabase(ctx context.Context, dir, name string) error {
	return execute(ctx, postgresURL(dir, "postgres"), `CREATE DATABASE `+name)
}

// execute runs one statement.
func execute(ctx context.Context, record, statement string) error {
	d, err := db.Open(ctx, record)
	if err != nil {
		return err
	}
	_, err = d.ExecContext(ctx, statement)
	return errors.Join(err, d.Close())
}

func startRedis(ctx context.Context, dir string) (*child, string, error) {
	server, err := program("redis-server", "redis-server")
	if err != nil {
		return nil, "", err
	}
	address, err := free()
	if err != nil {
		return nil, "", err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, "", err
	}
	log := filepath.Join(filepath.Dir(dir), "redis.log")
	c, err := spawn(exec.Command(server, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", //nolint:noctx // it outlives the call
		"--appendfsync", "everysec", "--dir", dir), log, syscall.SIGTERM)
	if err != nil {
		return nil, "", err
	}
	return c, address, c.await(ctx, log, func(ctx context.Context) error { return greets(ctx, address, "PING\r\n", "+PONG") })
}

// dovecot is an IMAP server with one mailbox per name, the password mailPassword, and its mails in Maildir folders.
type dovecot struct {
	*child
	port     int    // TLS
	ca       string // its certificate, PEM
	mail     string // folder with one Maildir per name
	uid, gid int    // whose the mails are
}

const mailPassword = "secret"

var dovecotConf = template.Must(template.New("").Parse(`
base_dir = {{.Dir}}/run
state_dir = {{.Dir}}/state
log_path = {{.Dir}}/dovecot.log
protocols = imap
listen = 127.0.0.1
{{if not .Root}}
default_internal_user = {{.User}}
default_internal_group = {{.Group}}
default_login_user = {{.User}}
service anvil {
  chroot =
}
service imap-login {
  chroot =
}
{{end}}
ssl = required
ssl_cert = <{{.Dir}}/cert.pem
ssl_key = <{{.Dir}}/key.pem
auth_mechanisms = plain login
first_valid_uid = {{.UID}}
mail_location = maildir:{{.Mail}}/%u
passdb {
  driver = static
  args = password={{.Password}}
}
userdb {
  driver = static
  args = uid={{.UID}} gid={{.GID}} home={{.Mail}}/%u allow_all_users=yes
}
service imap-login {
  inet_listener imap {
    port = 0
  }
  inet_listener imaps {
    port = {{.Port}}
    ssl = yes
  }
}
`))

func startDovecot(ctx context.Context, dir string) (*dovecot, error) {
	server, err := program("dovecot", "dovecot-imapd")
	if err != nil {
		return nil, err
	}
	d := &dovecot{ca: filepath.Join(dir, "cert.pem"), mail: filepath.Join(dir, "mail"), uid: os.Getuid(), gid: os.Getgid()}
	root := d.uid == 0
	if root {
		if d.uid, d.gid, err = account("nobody"); err != nil {
			return nil, err
		}
	}
	if err := writeCertificate(dir); err != nil {
		return nil, err
	}
	if err := os.Mkdir(d.mail, 0o755); err != nil {
		return nil, err
	}
	if err := os.Chown(d.mail, d.uid, d.gid); err != nil {
		return nil, err
	}
	address, err := free()
	if err != nil {
		return nil, err
	}
	d.port = portOf(address)
	me, err := user.Current()
	if err != nil {
		return nil, err
	}
	group, err := user.LookupGroupId(me.Gid)
	if err != nil {
		return nil, err
	}
	var conf bytes.Buffer
	err = dovecotConf.Execute(&conf, map[string]any{"Dir": dir, "Mail": d.mail, "Root": root, "User": me.Username, "Group": group.Name,
		"UID": d.uid, "GID": d.gid, "Port": d.port, "Password": mailPassword})
	if err != nil {
		return nil, err
	}
	file, log := filepath.Join(dir, "dovecot.conf"), filepath.Join(dir, "dovecot.log")
	if err := os.WriteFile(file, conf.Bytes(), 0o600); err != nil {
		return nil, err
	}
	if d.child, err = spawn(exec.Command(server, "-F", "-c", file), log, syscall.SIGTERM); err != nil { //nolint:noctx // it outlives the call
		return nil, err
	}
	return d, d.await(ctx, log, func(ctx context.Context) error {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err != nil {
			return err
		}
		return conn.Close()
	})
}

func writeCertificate(dir string) error {
	cert, _, err := channeltest.SelfSigned(time.Now())
	if err != nil {
		return err
	}
	secret, ok := cert.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return fmt.Errorf("the certificate's key is a %T", cert.PrivateKey)
	}
	key, err := x509.MarshalECPrivateKey(secret)
	if err != nil {
		return err
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]})
	if err := os.WriteFile(filepath.Join(dir, "cert.pem"), public, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: key}), 0o600)
}

// account returns the numbers of a user of this machine.
func account(name string) (uid, gid int, err error) {
	u, err := user.Lookup(name)
	if err != nil {
		return 0, 0, err
	}
	if uid, err = strconv.Atoi(u.Uid); err != nil {
		return 0, 0, err
	}
	gid, err = strconv.Atoi(u.Gid)
	return uid, gid, err
}

func portOf(address string) int {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return 0
	}
	return n
}
