package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Settings are everything an operator can set, from a YAML file and from the environment, which wins. In the file ${NAME} stands
// for the environment variable NAME, so that no secret need lie in it. A setting's variable is SPORTELLO_ and its path in capitals
// with __ between the parts: SPORTELLO_REDIS__PASSWORD.
type Settings struct {
	Listen    string        `koanf:"listen"`     // address of the public listener: console, widget, webhooks
	PublicURL string        `koanf:"public_url"` // how browsers and providers reach that listener
	Metrics   string        `koanf:"metrics"`    // address of the local listener: /metrics, /healthz, /readyz, /debug/pprof
	Record    string        `koanf:"record"`     // sqlite:PATH or postgres://…
	Blobs     string        `koanf:"blobs"`      // folder of attachments and raw messages; shared by all gateways of one record
	Secret    string        `koanf:"secret"`     // at least 32 characters; the keys of all tokens are derived from it
	CAFile    string        `koanf:"ca_file"`    // PEM file of authorities that mail servers' certificates may have besides the system's
	Grace     time.Duration `koanf:"grace"`      // how long a stop may take
	Zone      string        `koanf:"zone"`       // IANA time zone of the house: the hours of rules, and quiet hours of customers whose zone is not known

	Brands        []string `koanf:"brands"`         // names of the house and its people: a stranger's mail that shows one bears a warning
	VerifySenders bool     `koanf:"verify_senders"` // look DKIM, SPF and DMARC up for mail of which the account's mail server says nothing

	Files FileSettings `koanf:"files"`

	MailHold time.Duration `koanf:"mail_hold"` // how long an agent can take a mail back before it leaves; 0: not at all

	Threads ThreadSettings `koanf:"threads"`

	AutomaticPerDomain int `koanf:"automatic_per_domain"` // automatic messages to the mail addresses of one domain in an hour; 0 is 200

	ChatLimits ChatLimits `koanf:"chat_limits"`

	Redis   RedisSettings   `koanf:"redis"`
	Log     LogSettings     `koanf:"log"`
	Routing RoutingSettings `koanf:"routing"`
	Email   []EmailSettings `koanf:"email"`
	SMS     []SMSSettings   `koanf:"sms"`
	Chat    []ChatSettings  `koanf:"chat"`

	Receive []ReceiveSettings `koanf:"receive"`

	Lists map[string]ListSettings `koanf:"lists"` // mailing lists, by a short word: news
}

// RedisSettings say where the live inbox is. Several addresses are a cluster, or, with master, Sentinels.
type RedisSettings struct {
	Addresses []string `koanf:"addresses"` // host:port; the one word "embedded" starts an in-process server for a single gateway
	Username  string   `koanf:"username"`
	Password  string   `koanf:"password"`
	Master    string   `koanf:"master"`
	TLS       bool     `koanf:"tls"`
}

// LogSettings say what is logged to standard error.
type LogSettings struct {
	Level  string `koanf:"level"`  // debug, info, warn, error
	Format string `koanf:"format"` // text or json
}

// RoutingSettings are the times of offers.
type RoutingSettings struct {
	OfferTime       time.Duration `koanf:"offer_time"`       // to accept an offer
	DisconnectGrace time.Duration `koanf:"disconnect_grace"` // before a lost agent's chats go to others
}

func defaults() Settings {
	return Settings{
		Listen:  ":8080",
		Metrics: "127.0.0.1:9464",
		Grace:   20 * time.Second,
		Zone:    "Europe/Rome",

		MailHold: 10 * time.Second, VerifySenders: true, Threads: ThreadSettings{ReopenWithin: 72 * time.Hour},

		Log:     LogSettings{Level: "info", Format: "json"},
		Routing: RoutingSettings{OfferTime: 20 * time.Second, DisconnectGrace: time.Minute},
	}
}

// problems collects what is wrong with settings, each with its path.
type problems []error

func (p *problems) add(path, format string, args ...any) {
	*p = append(*p, fmt.Errorf("  %s: "+format, append([]any{path}, args...)...))
}

// validate lists every problem; the adapters validate their own parts (see accounts.go).
func (s Settings) validate() error {
	var found problems
	s.checkAddresses(&found)
	s.checkStores(&found)
	s.checkManners(&found)
	s.checkMail(&found)
	s.Files.check(&found)
	s.Threads.check(&found)
	s.ChatLimits.check(&found)
	s.checkReceive(&found)
	s.checkLists(&found)
	seen := map[string]bool{}
	for _, a := range s.accountNames() {
		if seen[a] {
			found.add("account", "%q is used twice", a)
		}
		seen[a] = true
	}
	if len(seen) == 0 {
		found.add("email, sms, chat", "at least one account is needed")
	}
	if err := s.validateAccounts(); err != nil {
		found = append(found, err)
	}
	return errors.Join(found...)
}

func (s Settings) checkAddresses(found *problems) {
	for path, address := range map[string]string{"listen": s.Listen, "metrics": s.Metrics} {
		if _, _, err := net.SplitHostPort(address); err != nil {
			found.add(path, "%q is not host:port", address)
		}
	}
	if u, err := url.Parse(s.PublicURL); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" {
		found.add("public_url", "must be the address by which browsers and providers reach this gateway, such as https://help.example.it")
	}
}

func (s Settings) checkStores(found *problems) {
	if path, ok := strings.CutPrefix(s.Record, "sqlite:"); ok {
		if path == "" {
			found.add("record", "sqlite: needs a path")
		}
	} else if !strings.HasPrefix(s.Record, "postgres://") && !strings.HasPrefix(s.Record, "postgresql://") {
		found.add("record", "must begin with sqlite: or postgres://")
	}
	if s.Blobs == "" {
		found.add("blobs", "a folder is needed")
	} else if !filepath.IsAbs(s.Blobs) {
		found.add("blobs", "the folder must be an absolute path")
	}
	if len(s.Redis.Addresses) == 0 {
		found.add("redis.addresses", "at least one host:port is needed, or the word embedded")
	}
	if len(s.Secret) < 32 {
		found.add("secret", "at least 32 characters are needed; `openssl rand -hex 32` makes some")
	}
	if _, err := s.authorities(); err != nil {
		found.add("ca_file", "%v", err)
	}
}

func (s Settings) checkManners(found *problems) {
	if s.Grace <= 0 {
		found.add("grace", "must be more than 0")
	}
	if _, err := time.LoadLocation(s.Zone); err != nil {
		found.add("zone", "%q is not an IANA time zone such as Europe/Rome", s.Zone)
	}
	if _, err := s.Log.level(); err != nil {
		found.add("log.level", "%v", err)
	}
	if s.Log.Format != "text" && s.Log.Format != "json" {
		found.add("log.format", "must be text or json")
	}
	if s.Routing.OfferTime < 5*time.Second || s.Routing.OfferTime > 10*time.Minute {
		found.add("routing.offer_time", "must be 5s to 10m")
	}
	if s.Routing.DisconnectGrace < 5*time.Second {
		found.add("routing.disconnect_grace", "must be 5s or more")
	}
}

// accountNames are the ids of all accounts.
func (s Settings) accountNames() []string {
	var names []string
	for _, e := range s.Email {
		names = append(names, e.Account)
	}
	for _, e := range s.SMS {
		names = append(names, e.Account)
	}
	for _, e := range s.Chat {
		names = append(names, e.Account)
	}
	return names
}

// Embedded reports whether the live inbox is in this process.
func (r RedisSettings) Embedded() bool { return len(r.Addresses) == 1 && r.Addresses[0] == "embedded" }

// zone is the house's time zone. The settings are valid.
func (s Settings) zone() *time.Location {
	zone, err := time.LoadLocation(s.Zone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// secure reports whether browsers reach us by HTTPS, so that cookies may be bound to it.
func (s Settings) secure() bool { return strings.HasPrefix(s.PublicURL, "https://") }

// authorities are those that mail servers' certificates may have: nil for the system's alone.
func (s Settings) authorities() (*x509.CertPool, error) {
	if s.CAFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(s.CAFile)
	if err != nil {
		return nil, err
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate in PEM", s.CAFile)
	}
	return pool, nil
}
