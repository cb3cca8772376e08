package mailrig

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Password is everybody's. Every address of every domain is a mailbox.
const Password = "secret"

// Dovecot is a running IMAP and LMTP server.
type Dovecot struct {
	IMAPPort  int // STARTTLS
	IMAPSPort int // TLS
	LMTPPort  int
	AuthPort  int // Dovecot's authentication protocol, for Postfix
	CAs       *x509.CertPool

	dir string
}

// SentFolder is the name that the servers' sent mail has.
const SentFolder = "Posta spedita"

const dovecotConf = `
base_dir = {{.Dir}}/run
state_dir = {{.Dir}}/state
log_path = {{.Dir}}/dovecot.log
protocols = imap lmtp
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
ssl = yes
ssl_cert = <{{.Cert.CertFile}}
ssl_key = <{{.Cert.KeyFile}}
ssl_min_protocol = TLSv1.2
disable_plaintext_auth = yes
login_trusted_networks =
auth_mechanisms = plain login xoauth2 oauthbearer
auth_verbose = yes
first_valid_uid = {{.UID}}
mail_location = maildir:{{.Dir}}/mail/%u
mail_fsync = never
recipient_delimiter = +
namespace inbox {
  inbox = yes
  mailbox "Posta spedita" {
    special_use = \Sent
  }
}
passdb {
  driver = static
  mechanisms = plain login
  args = password={{.Password}}
}
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {{.Dir}}/oauth2.conf
}
userdb {
  driver = static
  args = uid={{.UID}} gid={{.GID}} home={{.Dir}}/mail/%u allow_all_users=yes
}
service imap-login {
  inet_listener imap {
    port = {{.D.IMAPPort}}
  }
  inet_listener imaps {
    port = {{.D.IMAPSPort}}
    ssl = yes
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = {{.D.LMTPPort}}
  }
}
service auth {
  inet_listener {
    address = 127.0.0.1
    port = {{.D.AuthPort}}
  }
}
auth_failure_delay = 0
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
protocol imap {
  mail_max_userip_connections = 100
}
`

// StartDovecot starts Dovecot and returns when it greets.
func StartDovecot(t testing.TB) *Dovecot {
	t.Helper()
	program := lookup(t, "dovecot", "dovecot-imapd dovecot-lmtpd")
	if _, err := os.Stat("/usr/lib/dovecot/lmtp"); err != nil {
		t.Fatal("the LMTP server of Dovecot is not installed: apt-get install dovecot-lmtpd")
	}
	dir := workDir(t, "dovecot")
	uid, gid, root := ids(t)
	ports := freePorts(t, 4)
	d := &Dovecot{IMAPPort: ports[0], IMAPSPort: ports[1], LMTPPort: ports[2], AuthPort: ports[3], dir: dir}
	cert := writeCertificate(t, dir)
	d.CAs = cert.CAs
	mail := filepath.Join(dir, "mail")
	if err := errors.Join(os.Mkdir(mail, 0o755), os.Chown(mail, uid, gid)); err != nil {
		t.Fatal(err)
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	group, err := user.LookupGroupId(me.Gid)
	if err != nil {
		t.Fatal(err)
	}
	writeTokenKey(t, dir, uid, gid)
	conf := filepath.Join(dir, "dovecot.conf")
	write(t, conf, fillIn(t, dovecotConf, map[string]any{
		"Dir": dir, "Root": root, "User": me.Username, "Group": group.Name, "UID": uid, "GID": gid,
		"Cert": cert, "Password": Password, "D": d,
	}), 0o644)
	start(t, filepath.Join(dir, "dovecot.log"), func(p *os.Process) { p.Signal(syscall.SIGTERM) }, program, "-F", "-c", conf)
	awaitGreeting(t, d.IMAPPort, "* OK")
	awaitGreeting(t, d.LMTPPort, "220")
	return d
}

// Append puts a mail into the INBOX of address with the INTERNALDATE at.
func (d *Dovecot) Append(t testing.TB, address string, at time.Time, mails ...[]byte) {
	t.Helper()
	d.AppendTo(t, address, "INBOX", at, mails...)
}

// AppendTo is Append to another folder.
func (d *Dovecot) AppendTo(t testing.TB, address, folder string, at time.Time, mails ...[]byte) {
	t.Helper()
	c := d.login(t, address)
	defer c.Close()
	for _, raw := range mails {
		command := c.Append(folder, int64(len(raw)), &imap.AppendOptions{Time: at})
		_, writeErr := command.Write(raw)
		if err := errors.Join(writeErr, command.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := command.Wait(); err != nil {
			t.Fatal(err)
		}
	}
}

// Mails returns the mails in the INBOX of address, oldest first.
func (d *Dovecot) Mails(t testing.TB, address string) [][]byte {
	t.Helper()
	c := d.login(t, address)
	defer c.Close()
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	section := &imap.FetchItemBodySection{Peek: true}
	got, err := c.Fetch(imap.UIDSet{imap.UIDRange{Start: 1}}, &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{section}}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	var mails [][]byte
	for _, m := range got {
		mails = append(mails, m.FindBodySection(section))
	}
	return mails
}

// AwaitMails polls until the INBOX of address holds n mails.
func (d *Dovecot) AwaitMails(t testing.TB, address string, n int) [][]byte {
	t.Helper()
	end := time.Now().Add(readyWithin)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		mails := d.Mails(t, address)
		if len(mails) >= n {
			return mails
		}
		if time.Now().After(end) {
			t.Fatalf("%d mails for %s, waited for %d", len(mails), address, n)
		}
		<-tick.C
	}
}

// Renumber gives the INBOX of address a new UIDVALIDITY, as a restored mailbox has. Nobody may be signed in.
func (d *Dovecot) Renumber(t testing.TB, address string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(d.dir, "mail", address), func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := e.Name(); name == "dovecot-uidlist" || filepath.Ext(name) != "" && name[:min(len(name), 13)] == "dovecot.index" || name == "dovecot.index" {
			return os.Remove(path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (d *Dovecot) login(t testing.TB, address string) *imapclient.Client {
	t.Helper()
	c, err := imapclient.DialTLS(net.JoinHostPort("127.0.0.1", strconv.Itoa(d.IMAPSPort)), &imapclient.Options{
		TLSConfig: &tls.Config{RootCAs: d.CAs, ServerName: "127.0.0.1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Login(address, Password).Wait(); err != nil {
		c.Close()
		t.Fatal(err)
	}
	return c
}

// Create makes a folder. One called SentFolder is marked as the one of sent mail.
func (d *Dovecot) Create(t testing.TB, address, folder string) {
	t.Helper()
	c := d.login(t, address)
	defer c.Close()
	if err := c.Create(folder, nil).Wait(); err != nil {
		t.Fatal(err)
	}
}

// Stored is a mail as it lies in a folder.
type Stored struct {
	UID   imap.UID
	Flags []imap.Flag
	Raw   []byte
}

// In returns the mails in a folder, oldest first; none where there is no such folder.
func (d *Dovecot) In(t testing.TB, address, folder string) []Stored {
	t.Helper()
	c := d.login(t, address)
	defer c.Close()
	if _, err := c.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		return nil
	}
	section := &imap.FetchItemBodySection{Peek: true}
	got, err := c.Fetch(imap.UIDSet{imap.UIDRange{Start: 1}}, &imap.FetchOptions{UID: true, Flags: true, BodySection: []*imap.FetchItemBodySection{section}}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	var all []Stored
	for _, m := range got {
		all = append(all, Stored{UID: m.UID, Flags: m.Flags, Raw: m.FindBodySection(section)})
	}
	return all
}

// AwaitIn polls until a folder holds n mails.
func (d *Dovecot) AwaitIn(t testing.TB, address, folder string, n int) {
	t.Helper()
	d.await(t, address, folder, func(all []Stored) bool { return len(all) == n })
}

// AwaitState polls until the INBOX is as wanted.
func (d *Dovecot) AwaitState(t testing.TB, address string, wanted func([]Stored) bool) {
	t.Helper()
	d.await(t, address, "INBOX", wanted)
}

func (d *Dovecot) await(t testing.TB, address, folder string, wanted func([]Stored) bool) {
	t.Helper()
	end := time.Now().Add(readyWithin)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		all := d.In(t, address, folder)
		if wanted(all) {
			return
		}
		if time.Now().After(end) {
			for _, m := range all {
				t.Logf("%s UID %d %v %d bytes", folder, m.UID, m.Flags, len(m.Raw))
			}
			t.Fatalf("%s of %s is not as wanted: %d mails", folder, address, len(all))
		}
		<-tick.C
	}
}

// Flag sets a flag on a mail in the INBOX.
func (d *Dovecot) Flag(t testing.TB, address string, uid imap.UID, flag imap.Flag) {
	t.Helper()
	c := d.login(t, address)
	defer c.Close()
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	if err := c.Store(imap.UIDSetNum(uid), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{flag}}, nil).Close(); err != nil {
		t.Fatal(err)
	}
}

// NextUID has the INBOX give the UID next to its next mail, as if all those before had been removed. Nobody may be signed in.
func (d *Dovecot) NextUID(t testing.TB, address string, next uint32) {
	t.Helper()
	cmd := exec.Command(lookup(t, "doveadm", "dovecot-core"), "-c", filepath.Join(d.dir, "dovecot.conf"), "mailbox", "update", "-u", address,
		"--min-next-uid", strconv.FormatUint(uint64(next), 10), "INBOX")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}
