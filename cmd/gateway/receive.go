package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sportello/channels"
	"sportello/channels/email/receive"
)

// ReceiveSettings are a listener to which a mail server hands mail over. The addresses of all mail accounts are taken there; an account
// without an imap block gets its mail in no other way.
type ReceiveSettings struct {
	Listen     string              `koanf:"listen"`     // host:port, or unix:/path
	Protocol   string              `koanf:"protocol"`   // lmtp or smtp; lmtp when empty
	Cert       string              `koanf:"cert"`       // PEM files, for STARTTLS
	Key        string              `koanf:"key"`        //
	Networks   []string            `koanf:"networks"`   // that may connect, as 10.0.0.0/8; this machine when empty
	Recipients []RecipientSettings `koanf:"recipients"` // further addresses
	MaxSize    int64               `koanf:"max_size"`   // bytes of a mail; 50 MiB
}

// RecipientSettings bring mail for an address, or for all of a domain (@example.it), to an account.
type RecipientSettings struct {
	Address string `koanf:"address"`
	Account string `koanf:"account"`
}

// networks are those that may connect.
func (r ReceiveSettings) networks() ([]netip.Prefix, error) {
	names := r.Networks
	if len(names) == 0 {
		names = []string{"127.0.0.0/8", "::1/128"}
	}
	var all []netip.Prefix
	for _, name := range names {
		p, err := netip.ParsePrefix(name)
		if err != nil {
			return nil, fmt.Errorf("%q is not a network such as 10.0.0.0/8", name)
		}
		all = append(all, p)
	}
	return all, nil
}

// certificate is that of the listener, nil when it has none.
func (r ReceiveSettings) certificate() (*tls.Config, error) {
	if r.Cert == "" && r.Key == "" {
		return nil, nil
	}
	cert, err := tls.LoadX509KeyPair(r.Cert, r.Key)
	if err != nil {
		return nil, err
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}, nil
}

// target is what net.Listen takes.
func (r ReceiveSettings) target() (network, address string) {
	if path, ok := strings.CutPrefix(r.Listen, "unix:"); ok {
		return "unix", path
	}
	return "tcp", r.Listen
}

func (s Settings) checkReceive(found *problems) {
	accounts := map[string]bool{}
	for i, e := range s.Email {
		accounts[e.Account] = true
		if e.IMAP == (MailServerSettings{}) && len(s.Receive) == 0 {
			found.add(fmt.Sprintf("email.%d.imap", i), "a mailbox is needed, or a listener (receive) to which mail is handed over")
		}
	}
	for i, r := range s.Receive {
		path := fmt.Sprintf("receive.%d.", i)
		network, address := r.target()
		if _, _, err := net.SplitHostPort(address); network == "tcp" && err != nil {
			found.add(path+"listen", "%q is neither host:port nor unix:/path", r.Listen)
		}
		if network == "unix" && !filepath.IsAbs(address) {
			found.add(path+"listen", "the socket must have an absolute path")
		}
		if r.Protocol != "" && r.Protocol != string(receive.LMTP) && r.Protocol != string(receive.SMTP) {
			found.add(path+"protocol", "must be lmtp or smtp")
		}
		if _, err := r.networks(); err != nil {
			found.add(path+"networks", "%v", err)
		}
		if _, err := r.certificate(); err != nil {
			found.add(path+"cert", "%v", err)
		}
		if r.MaxSize < 0 {
			found.add(path+"max_size", "must not be negative")
		}
		for j, to := range r.Recipients {
			if _, ok := receive.RouteKey(to.Address); !ok {
				found.add(fmt.Sprintf("%srecipients.%d.address", path, j), "%q is neither an address nor @domain", to.Address)
			}
			if !accounts[to.Account] {
				found.add(fmt.Sprintf("%srecipients.%d.account", path, j), "there is no mail account %q", to.Account)
			}
		}
	}
}

// receiver is a listener that run starts.
type receiver struct {
	settings ReceiveSettings
	server   *receive.Server
}

// wireReceivers makes the listeners. The mail accounts have been wired.
func (a *app) wireReceivers() error {
	for _, r := range a.settings.Receive {
		networks, err := r.networks()
		if err != nil {
			return fmt.Errorf("receive: %w", err)
		}
		cert, err := r.certificate()
		if err != nil {
			return fmt.Errorf("receive: %w", err)
		}
		cfg := receive.Config{
			Protocol: receive.LMTP, TLS: cert, Networks: networks, Routes: map[string]receive.Taker{}, MaxSize: r.MaxSize, Grace: a.settings.Grace / 2,
		}
		if r.Protocol != "" {
			cfg.Protocol = receive.Protocol(r.Protocol)
		}
		for _, e := range a.settings.Email {
			cfg.Routes[e.Address] = a.mailboxes[channels.AccountID(e.Account)]
			if _, domain, ok := strings.Cut(e.Address, "@"); ok && cfg.Domain == "" {
				cfg.Domain = domain
			}
		}
		for _, to := range r.Recipients {
			cfg.Routes[to.Address] = a.mailboxes[channels.AccountID(to.Account)]
		}
		a.receivers = append(a.receivers, receiver{r, receive.New(cfg, a.log)})
	}
	return nil
}

// run listens and takes mail until ctx ends.
func (r receiver) run(ctx context.Context) error {
	l, err := r.listen()
	if err != nil {
		return err
	}
	return r.server.Run(ctx, l)
}

// listen opens the listener. A socket that a killed gateway left behind is taken over; one on which somebody answers is not.
func (r receiver) listen() (net.Listener, error) {
	network, address := r.settings.target()
	if network == "unix" {
		if c, err := net.DialTimeout(network, address, time.Second); err == nil {
			return nil, errors.Join(fmt.Errorf("listen: somebody answers at %s already", address), c.Close())
		}
		if info, err := os.Stat(address); err == nil && info.Mode().Type() == fs.ModeSocket {
			if err := os.Remove(address); err != nil {
				return nil, fmt.Errorf("listen: %w", err)
			}
		}
	}
	l, err := net.Listen(network, address)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	if network == "unix" {
		if err := os.Chmod(address, 0o660); err != nil {
			return nil, errors.Join(fmt.Errorf("listen: %w", err), l.Close())
		}
	}
	return l, nil
}

// receivers looks whether each listener answers, or could be opened.
func (d *doctor) receivers(ctx context.Context) {
	for _, r := range d.app.receivers {
		what := "receive " + r.settings.Listen
		if greeted(ctx, r.settings) {
			d.note("ok", what, "answers")
			continue
		}
		l, err := r.listen()
		if err != nil {
			d.note("bad", what, "%v", err)
			continue
		}
		d.note("ok", what, "free: the gateway is not running")
		if err := l.Close(); err != nil {
			d.note("warn", what, "%v", err)
		}
	}
}

// greeted reports whether a mail server greets there.
func greeted(ctx context.Context, r ReceiveSettings) bool {
	network, address := r.target()
	dialer := net.Dialer{Timeout: 2 * time.Second}
	c, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return false
	}
	defer c.Close()
	if c.SetDeadline(time.Now().Add(2*time.Second)) != nil {
		return false
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	return err == nil && strings.HasPrefix(line, "220")
}
