package mailrig

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Postfix is a running SMTP server that delivers to a Dovecot.
type Postfix struct {
	Port int // SMTP with STARTTLS and AUTH; loopback clients may also send without signing in
	dir  string
}

const postfixMain = `
compatibility_level = 3.6
multi_instance_name = postfix-{{.Name}}
multi_instance_enable = yes
queue_directory = {{.Dir}}/spool
data_directory = {{.Dir}}/data
maillog_file = {{.Dir}}/postfix.log
maillog_file_prefixes = {{.Dir}}
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.sportello.test
mydomain = sportello.test
myorigin = sportello.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
recipient_delimiter = +
smtp_dns_support_level = disabled
default_transport = error:5.1.2 no mail leaves this host
relay_transport = error:5.1.2 no mail leaves this host
transport_maps = inline:{ {{range $domain, $to := .Routes}}{ {{$domain}} = {{$to}} }, {{end}}{ unknown.test = error:5.1.1 user unknown }, { full.test = error:5.2.2 mailbox full } }
virtual_mailbox_domains = {{.Domains}}
virtual_mailbox_maps = static:ok
virtual_transport = lmtp:inet:127.0.0.1:{{.Dovecot.LMTPPort}}
lmtp_destination_recipient_limit = 1
smtpd_tls_security_level = may
smtpd_tls_cert_file = {{.Cert.CertFile}}
smtpd_tls_key_file = {{.Cert.KeyFile}}
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{{.Dovecot.AuthPort}}
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access inline:{ { refused.test = 550 5.1.1 user unknown } }
smtpd_reject_unlisted_recipient = no
smtpd_peername_lookup = no
disable_vrfy_command = yes
message_size_limit = 20480000
queue_run_delay = 5s
minimal_backoff_time = 5s
`

const postfixMaster = `
127.0.0.1:{{.Port}} inet n - n - - smtpd
cleanup   unix  n  -  n  -      0  cleanup
qmgr      unix  n  -  n  300    1  qmgr
tlsmgr    unix  -  -  n  1000?  1  tlsmgr
rewrite   unix  -  -  n  -      -  trivial-rewrite
bounce    unix  -  -  n  -      0  bounce
defer     unix  -  -  n  -      0  bounce
trace     unix  -  -  n  -      0  bounce
verify    unix  -  -  n  -      1  verify
flush     unix  n  -  n  1000?  0  flush
proxymap  unix  -  -  n  -      -  proxymap
proxywrite unix -  -  n  -      1  proxymap
showq     unix  n  -  n  -      -  showq
error     unix  -  -  n  -      -  error
retry     unix  -  -  n  -      -  error
discard   unix  -  -  n  -      -  discard
lmtp      unix  -  -  n  -      -  lmtp
anvil     unix  -  -  n  -      1  anvil
scache    unix  -  -  n  -      1  scache
postlog   unix-dgram n - n -    1  postlogd
`

// asRoot is the command line of what only root may do: itself for root, by sudo without a password for others.
func asRoot(t testing.TB, args ...string) []string {
	t.Helper()
	if os.Getuid() == 0 {
		return args
	}
	if exec.Command("sudo", "-n", "true").Run() != nil {
		t.Fatal("Postfix is started by root only: run this test as root, or let sudo work without a password")
	}
	return append([]string{"sudo", "-n"}, args...)
}

func runAsRoot(t testing.TB, args ...string) error {
	t.Helper()
	line := asRoot(t, args...)
	if out, err := exec.Command(line[0], line[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w: %s", args, err, out)
	}
	return nil
}

// StartPostfix starts Postfix, which only root can, and returns when it greets. Mail for domains goes to d; mail for unknown.test and
// full.test is accepted and then bounced (5.1.1, 5.2.2), and so is mail for anywhere else (5.1.2). Recipients at refused.test are refused at
// once (550 5.1.1).
func StartPostfix(t testing.TB, d *Dovecot, domains ...string) *Postfix {
	t.Helper()
	return StartPostfixWith(t, d, nil, domains...)
}

// StartPostfixWith is StartPostfix with routes for some of the domains, in Postfix' words: "lmtp:inet:127.0.0.1:2400".
func StartPostfixWith(t testing.TB, d *Dovecot, routes map[string]string, domains ...string) *Postfix {
	t.Helper()
	program := lookup(t, "postfix", "postfix")
	dir := workDir(t, "postfix")
	p := &Postfix{Port: freePorts(t, 1)[0], dir: dir}
	etc, spool, data := filepath.Join(dir, "etc"), filepath.Join(dir, "spool"), filepath.Join(dir, "data")
	err := errors.Join(os.Mkdir(etc, 0o755), os.Mkdir(spool, 0o755), os.Mkdir(data, 0o700))
	if err == nil {
		err = runAsRoot(t, "chown", "postfix", data)
	}
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]any{
		"Name": filepath.Base(dir), "Dir": dir, "Domains": strings.Join(domains, ", "), "Dovecot": d, "Port": p.Port, "Routes": routes,
		"Cert": certificate{CertFile: filepath.Join(d.dir, "cert.pem"), KeyFile: filepath.Join(d.dir, "key.pem")},
	}
	write(t, filepath.Join(etc, "main.cf"), fillIn(t, postfixMain, values), 0o644)
	write(t, filepath.Join(etc, "master.cf"), fillIn(t, postfixMaster, values), 0o644)
	if err := runAsRoot(t, "chown", "-R", "root", etc, spool); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // what Postfix leaves is not ours to remove otherwise
		if err := runAsRoot(t, "rm", "-rf", etc, spool, data); err != nil {
			t.Error(err)
		}
	})
	stop := func(process *os.Process) {
		if runAsRoot(t, program, "-c", etc, "stop") != nil {
			process.Signal(syscall.SIGTERM)
		}
	}
	line := asRoot(t, program, "-c", etc, "start-fg")
	start(t, filepath.Join(dir, "postfix.log"), stop, line[0], line[1:]...)
	awaitGreeting(t, p.Port, "220")
	return p
}
