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
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"text/template"
	"time"

	"sportello/channels/channeltest"
	"sportello/cmd/staging"
	"sportello/cmd/staging/process"
	"sportello/inbox/db"
)

// The servers around the gateway, as they are run in production: what is said to be kept is flushed to disk.

// durable are PostgreSQL's settings.
var durable = []string{"fsync=on", "synchronous_commit=on", "shared_buffers=256MB", "max_wal_size=4GB"}

// createDatabase makes an empty database.
func createDatabase(ctx context.Context, server *staging.Postgres, name string) error {
	return execute(ctx, server.URL(), `CREATE DATABASE `+name)
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

// dovecot is an IMAP server with one mailbox per name, the password mailPassword, and its mails in Maildir folders.
type dovecot struct {
	*process.Process
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
	server, err := process.Program("dovecot", "dovecot-imapd")
	if err != nil {
		return nil, err
	}
	d := &dovecot{ca: filepath.Join(dir, "cert.pem"), mail: filepath.Join(dir, "mail"), uid: os.Getuid(), gid: os.Getgid()}
	root := d.uid == 0
	if root {
		uid, gid, err := process.Account("nobody")
		if err != nil {
			return nil, err
		}
		d.uid, d.gid = int(uid), int(gid)
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
	address, err := process.FreeAddress()
	if err != nil {
		return nil, err
	}
	if d.port, err = strconv.Atoi(process.Port(address)); err != nil {
		return nil, err
	}
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
	if d.Process, err = process.Launch(exec.Command(server, "-F", "-c", file), log, syscall.SIGTERM); err != nil { //nolint:noctx // it outlives the call
		return nil, err
	}
	return d, d.Await(ctx, func(ctx context.Context) error {
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
