package main

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/v2"

	"sportello/inbox"
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

	MailHold time.Duration `koanf:"mail_hold"` // how long an agent can take a mail back before it leaves; 0: not at all

	AutomaticPerDomain int `koanf:"automatic_per_domain"` // automatic messages to the mail addresses of one domain in an hour; 0 is 200

	ChatLimits ChatLimits `koanf:"chat_limits"`

	Redis   RedisSettings   `koanf:"redis"`
	Log     LogSettings     `koanf:"log"`
	Routing RoutingSettings `koanf:"routing"`
	Email   []EmailSettings `koanf:"email"`
	SMS     []SMSSettings   `koanf:"sms"`
	Chat    []ChatSettings  `koanf:"chat"`

	Receive []ReceiveSettings `koanf:"receive"`
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

// MailServerSettings reach an IMAP or SMTP server.
type MailServerSettings struct {
	Host     string `koanf:"host"`
	Port     int    `koanf:"port"`
	TLS      string `koanf:"tls"` // tls, starttls or none (with insecure_lab only)
	User     string `koanf:"user"`
	Password string `koanf:"password"`
	Auth     string `koanf:"auth"` // oauth, xoauth2, oauthbearer; empty: with the password, or by oauth where there is none
}

// OAuthSettings say how a mailbox signs in without a password: for Google with a refresh token; for Microsoft 365 with a refresh
// token, or with tenant and client secret alone.
type OAuthSettings struct {
	Provider     string   `koanf:"provider"` // google or microsoft
	Tenant       string   `koanf:"tenant"`
	TokenURL     string   `koanf:"token_url"` // of another provider
	ClientID     string   `koanf:"client_id"`
	ClientSecret string   `koanf:"client_secret"`
	RefreshToken string   `koanf:"refresh_token"`
	Scopes       []string `koanf:"scopes"` // the provider's for mail when empty
}

// EmailSettings are one mailbox.
type EmailSettings struct {
	Account     string             `koanf:"account"`
	Address     string             `koanf:"address"`
	Name        string             `koanf:"name"`
	Folders     []string           `koanf:"folders"`   // INBOX when empty
	Junk        string             `koanf:"junk"`      // a folder of junk that is taken in as well; auto finds it
	Sent        string             `koanf:"sent"`      // the folder of sent mail, where answers from mail programs are; found by itself, none switches it off
	SentCopy    string             `koanf:"sent_copy"` // whether a copy of what is sent is put there: auto (where the provider does not do so itself), on, off
	After       string             `koanf:"after"`     // what becomes of a mail in its folder: "" (left as it is), seen, move, delete
	MoveTo      string             `koanf:"move_to"`   // with move
	Poll        time.Duration      `koanf:"poll"`
	IMAP        MailServerSettings `koanf:"imap"`
	SMTP        MailServerSettings `koanf:"smtp"`
	OAuth       OAuthSettings      `koanf:"oauth"`
	AuthServers []string           `koanf:"auth_servers"` // whose Authentication-Results are believed
	DKIM        DKIMSettings       `koanf:"dkim"`         // signs what leaves, where the SMTP server does not
	Bounces     string             `koanf:"bounces"`      // mailbox that bounces go to, each under an address of its own; needs plus addresses
	PerMinute   int                `koanf:"per_minute"`   // mails that the SMTP server lets leave in a minute; 0: as fast as it takes them
	Relays      []string           `koanf:"relays"`       // host names of the account's own mail servers, whose Received fields are believed and whom SPF never judges
	InsecureLab bool               `koanf:"insecure_lab"` // allows clear text and unknown certificates
	Ack         AckSettings        `koanf:"ack"`          // answers the mail that begins a conversation; off without texts
}

// AckSettings are the acknowledgements of a mailbox. In subject and text {number} is the conversation's number, {name} the customer's name,
// {subject} what he wrote as the subject. Without a subject it goes under the customer's own.
type AckSettings struct {
	Locale string                     `koanf:"locale"` // for customers whose language is not known or has no text; "it"
	Texts  map[string]AckTextSettings `koanf:"texts"`  // by language: it, en
}

// AckTextSettings are an acknowledgement in one language.
type AckTextSettings struct {
	Subject string `koanf:"subject"`
	Text    string `koanf:"text"`
}

// inbox is what the ledger knows of them; nil when there are none.
func (a AckSettings) inbox() *inbox.Ack {
	if len(a.Texts) == 0 {
		return nil
	}
	ack := &inbox.Ack{Locale: cmp.Or(a.Locale, "it"), Texts: map[string]inbox.AckText{}}
	for language, t := range a.Texts {
		ack.Texts[strings.ToLower(language)] = inbox.AckText{Subject: t.Subject, Text: t.Text}
	}
	return ack
}

func (a AckSettings) check(path string, found *problems) {
	if len(a.Texts) == 0 {
		return
	}
	for _, language := range slices.Sorted(maps.Keys(a.Texts)) {
		if len(language) != 2 {
			found.add(path+".texts", "%q is not a language such as it or en", language)
		}
		if strings.TrimSpace(a.Texts[language].Text) == "" {
			found.add(path+".texts."+language, "has no text")
		}
	}
	if _, ok := a.inbox().Texts[a.inbox().Locale]; !ok {
		found.add(path+".locale", "%q has no text", a.inbox().Locale)
	}
}

// DKIMSettings name a signing key. Its record is SELECTOR._domainkey.DOMAIN.
type DKIMSettings struct {
	Selector string `koanf:"selector"`
	KeyFile  string `koanf:"key_file"` // RSA or Ed25519 in PEM
	Domain   string `koanf:"domain"`   // that of the address when empty
}

// SMSSettings are one sender at Twilio.
type SMSSettings struct {
	Account          string   `koanf:"account"`
	AccountSID       string   `koanf:"account_sid"`
	AuthTokens       []string `koanf:"auth_tokens"`
	APIKey           string   `koanf:"api_key"`
	APISecret        string   `koanf:"api_secret"`
	Number           string   `koanf:"number"`
	MessagingService string   `koanf:"messaging_service"`
	APIBase          string   `koanf:"api_base"`
	Country          string   `koanf:"country"`
	Name             string   `koanf:"name"`
}

// ChatLimits hold strangers off; 0 is the default named beside it. Behind a proxy that hides addresses, per_ip and
// visits_per_minute must be raised: all visitors seem to come from there.
type ChatLimits struct {
	Sockets         int           `koanf:"sockets"`           // of this gateway; 20,000
	PerIP           int           `koanf:"per_ip"`            // connections of one address; 64
	PerVisitor      int           `koanf:"per_visitor"`       // connections of one visitor; 10
	VisitsPerMinute int           `koanf:"visits_per_minute"` // of one address; 120
	Messages        int           `koanf:"messages"`          // of one visitor in a row; 12
	MessageEvery    time.Duration `koanf:"message_every"`     // after which he may send one more; 1s
}

// ChatSettings are one chat inbox, the widget of one website.
type ChatSettings struct {
	Account string   `koanf:"account"`
	Name    string   `koanf:"name"`
	Origins []string `koanf:"origins"`  // of the pages that may embed the widget: https://www.example.it
	JWTKeys []string `koanf:"jwt_keys"` // HS256 secrets with which the website signs its customers' tokens; two while one is replaced
	Locale  string   `koanf:"locale"`
	Welcome string   `koanf:"welcome"`
	Colour  string   `koanf:"colour"`
}

func defaults() Settings {
	return Settings{
		Listen:  ":8080",
		Metrics: "127.0.0.1:9464",
		Grace:   20 * time.Second,
		Zone:    "Europe/Rome",

		MailHold: 10 * time.Second, VerifySenders: true,

		Log:     LogSettings{Level: "info", Format: "json"},
		Routing: RoutingSettings{OfferTime: 20 * time.Second, DisconnectGrace: time.Minute},
	}
}

const (
	envPrefix        = "SPORTELLO_"
	settingsVariable = envPrefix + "SETTINGS"
)

// load reads the settings from the file (none when path is "") and from env, in the form of os.Environ. The error lists every
// problem at once, one a line, each with the path of its setting.
func load(path string, environ []string) (Settings, error) {
	s := defaults()
	k := koanf.New(".")
	if path != "" {
		raw, err := os.ReadFile(path)
		if err != nil {
			return s, fmt.Errorf("settings: %w", err)
		}
		tree, err := yaml.Parser().Unmarshal(raw)
		if err != nil {
			return s, fmt.Errorf("settings: %s: %w", path, err)
		}
		e := expander{values: named(environ)}
		tree, _ = e.expand(tree).(map[string]any)
		if len(e.missing) > 0 {
			return s, fmt.Errorf("settings: %s: the environment has no %s", path, strings.Join(e.missing, ", "))
		}
		if err := k.Load(confmap.Provider(tree, ""), nil); err != nil {
			return s, fmt.Errorf("settings: %s: %w", path, err)
		}
	}
	err := k.Load(env.Provider(".", env.Opt{
		Prefix:      envPrefix,
		EnvironFunc: func() []string { return environ },
		TransformFunc: func(key, value string) (string, any) {
			if key == settingsVariable {
				return "", nil // says where the file is
			}
			return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(key, envPrefix)), "__", "."), value
		},
	}), nil)
	if err != nil {
		return s, fmt.Errorf("settings: %w", err)
	}
	err = k.UnmarshalWithConf("", &s, koanf.UnmarshalConf{Tag: "koanf", DecoderConfig: &mapstructure.DecoderConfig{
		Result: &s, ErrorUnused: true, WeaklyTypedInput: true, TagName: "koanf",
		DecodeHook: mapstructure.ComposeDecodeHookFunc(mapstructure.StringToTimeDurationHookFunc(), mapstructure.StringToSliceHookFunc(",")),
	}})
	if err != nil {
		return s, fmt.Errorf("settings: %w", err)
	}
	if err := s.validate(); err != nil {
		return s, fmt.Errorf("settings:\n%w", err)
	}
	return s, nil
}

var variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// named is the environment by name.
func named(environ []string) map[string]string {
	values := map[string]string{}
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		values[name] = value
	}
	return values
}

// expander puts the environment's values for ${NAME}, in the strings of a parsed file, where no value can change the file's form.
type expander struct {
	values  map[string]string
	missing []string
}

func (e *expander) expand(v any) any {
	switch v := v.(type) {
	case string:
		return variable.ReplaceAllStringFunc(v, func(m string) string {
			name := m[2 : len(m)-1]
			value, ok := e.values[name]
			if !ok {
				e.missing = append(e.missing, name)
			}
			return value
		})
	case []any:
		for i := range v {
			v[i] = e.expand(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = e.expand(v[k])
		}
	}
	return v
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
	s.checkReceive(&found)
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
	l := s.ChatLimits
	if min(l.Sockets, l.PerIP, l.PerVisitor, l.VisitsPerMinute, l.Messages) < 0 || l.MessageEvery < 0 {
		found.add("chat_limits", "a limit is negative")
	}
	for i, e := range s.Email {
		if e.PerMinute < 0 {
			found.add(fmt.Sprintf("email.%d.per_minute", i), "must not be negative")
		}
	}
	if s.MailHold < 0 || s.MailHold > time.Minute {
		found.add("mail_hold", "must be 0s to 1m")
	}
	for n, e := range s.Email {
		e.Ack.check(fmt.Sprintf("email.%d.ack", n), found)
	}
	if s.AutomaticPerDomain < 0 {
		found.add("automatic_per_domain", "is negative")
	}
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
