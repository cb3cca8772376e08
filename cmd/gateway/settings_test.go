package main

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sportello/channels"
	"sportello/channels/email"
)

const goodSettings = `
public_url: https://help.example.it
record: sqlite:/var/lib/sportello/record.db
blobs: /var/lib/sportello/blobs
secret: ${SECRET}
redis: {addresses: ["127.0.0.1:6379"]}
grace: 5s
email:
  - account: support
    address: support@example.it
    name: Assistenza
    imap: {host: imap.example.it, port: 993, tls: tls, user: support, password: "${MAIL_PASSWORD}"}
    smtp: {host: smtp.example.it, port: 587, tls: starttls, user: support, password: "${MAIL_PASSWORD}"}
sms:
  - account: sms
    account_sid: AC00000000000000000000000000000000
    auth_tokens: [0123456789abcdef0123456789abcdef]
    number: "+390236714980"
chat:
  - account: shop
    name: Bottega
    origins: ["https://www.example.it"]
`

func settingsFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "gateway.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// loneSettings are those of a gateway that has all its stores in dir, and no account yet.
func loneSettings(dir string) string {
	return fmt.Sprintf(`
public_url: http://127.0.0.1:1
listen: 127.0.0.1:0
metrics: 127.0.0.1:0
record: %q
blobs: %q
secret: 0123456789abcdef0123456789abcdef
redis: {addresses: [embedded]}
`, "sqlite:"+filepath.Join(dir, "record.db"), filepath.Join(dir, "blobs"))
}

var goodEnv = []string{"SECRET=" + "0123456789abcdef0123456789abcdef", "MAIL_PASSWORD=p:w#{}'\"", "SPORTELLO_REDIS__PASSWORD=hush", "SPORTELLO_LISTEN=127.0.0.1:9000"}

// The settings that the README shows are taken as they stand, but for what nobody can guess.
func TestSettingsOfTheReadmeAreValid(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(readme), "```yaml\n")
	example, _, found := strings.Cut(example, "```")
	if !found {
		t.Fatal("no settings are shown")
	}
	_, secret, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(t.TempDir(), "k1.pem")
	if err := os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	example = strings.NewReplacer("/etc/sportello/k1.pem", key, "/etc/sportello/support.key.pem", keyIn(t, "smime/testdata/rsa.key.pem"),
		"/etc/sportello/support.crt.pem", keyIn(t, "smime/testdata/rsa.crt.pem"), "/etc/sportello/partners-ca.pem", keyIn(t, "smime/testdata/ec.crt.pem"),
		"/etc/sportello/support.asc", keyIn(t, "pgp/testdata/support.sec.asc"), "/etc/sportello/support.pass", key,
		"/etc/sportello/partners.asc", keyIn(t, "pgp/testdata/anna.pub.asc"), "AC…", "AC00000000000000000000000000000000").Replace(example)
	var env []string
	for _, name := range variable.FindAllStringSubmatch(example, -1) {
		env = append(env, name[1]+"=0123456789abcdef0123456789abcdef")
	}
	if _, err := load(settingsFile(t, example), env); err != nil {
		t.Error(err)
	}
}

func TestSettingsFromFileAndEnvironment(t *testing.T) {
	s, err := load(settingsFile(t, goodSettings), goodEnv)
	if err != nil {
		t.Fatal(err)
	}
	if s.Listen != "127.0.0.1:9000" || s.Redis.Password != "hush" {
		t.Errorf("the environment does not win: %q %q", s.Listen, s.Redis.Password)
	}
	if s.Email[0].SMTP.Password != "p:w#{}'\"" || s.Grace != 5*time.Second || s.Routing.OfferTime != 20*time.Second {
		t.Errorf("read as %+v", s)
	}
	if len(s.inboxConfig().Accounts) != 3 {
		t.Errorf("accounts %+v", s.inboxConfig().Accounts)
	}
	if string(s.key("a")) == string(s.key("b")) {
		t.Error("two uses share a key")
	}
}

// Every problem is reported at once, each with the path of its setting, and no secret is repeated.
func TestSettingsReportEveryProblemAtOnce(t *testing.T) {
	_, err := load(settingsFile(t, `
listen: nowhere
public_url: help.example.it
record: mysql://x
blobs: relative
secret: topsecret
grace: -1s
log: {level: loud, format: xml}
routing: {offer_time: 1s}
mail_hold: 2m
threads: {token_expires: -1s, reopen_within: 0s}
redis: {addresses: []}
email: [{account: a, address: "not an address", imap: {host: "", port: 0, tls: none, user: u, password: pp}, smtp: {host: h, port: 25}}]
sms: [{account: a, account_sid: nope, auth_tokens: [], number: "0236"}]
chat: [{account: shop, jwt_keys: [short]}, {account: two, origins: ["www.example.it"]}]
`), nil)
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		"listen", "public_url", "record", "blobs", "secret", "grace", "log.level", "log.format", "routing.offer_time", "mail_hold", "threads.token_expires", "threads.reopen_within", "redis.addresses",
		"email.0.address", "email.0.imap.host", "email.0.imap.port", "email.0.imap.tls", "sms.0", `chat account "shop"`, `chat account "two"`, `"a" is used twice`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %s in:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "topsecret") {
		t.Error("the secret is repeated")
	}
}

// E-02: a mailbox without a password signs in by the tokens of its oauth block.
func TestSettingsOAuth(t *testing.T) {
	block := `
    oauth: {provider: microsoft, client_id: c, refresh_token: "${MAIL_PASSWORD}"}
    imap: {host: outlook.office365.com, port: 993, tls: tls, user: support@example.it}
    smtp: {host: smtp.office365.com, port: 587, tls: starttls, user: support@example.it, auth: xoauth2}`
	head, rest, _ := strings.Cut(goodSettings, "\n    imap:")
	_, rest, _ = strings.Cut(rest, "\nsms:")
	text := head + block + "\nsms:" + rest
	s, err := load(settingsFile(t, text), goodEnv)
	if err != nil {
		t.Fatal(err)
	}
	if c := s.emailConfigs(nil)[0]; c.IMAP.Auth != email.AuthOAuth || c.SMTP.Auth != email.AuthXOAuth2 || c.IMAP.Tokens == nil || c.IMAP.Tokens != c.SMTP.Tokens {
		t.Errorf("%+v", c)
	}
	_, err = load(settingsFile(t, strings.Replace(text, "provider: microsoft", "provider: other", 1)), goodEnv)
	if err == nil || !strings.Contains(err.Error(), "email.0.oauth.provider") {
		t.Errorf("another provider passes: %v", err)
	}
}

// E-51: on and off are words and no truth values.
func TestSettingsSentCopy(t *testing.T) {
	for mode, good := range map[string]bool{"auto": true, "on": true, "off": true, "yes": false} {
		text := strings.Replace(goodSettings, "\n    imap:", "\n    sent_copy: "+mode+"\n    imap:", 1)
		s, err := load(settingsFile(t, text), goodEnv)
		if (err == nil) != good || good && s.emailConfigs(nil)[0].SentCopy != email.CopyMode(mode) || !good && !strings.Contains(err.Error(), "email.0.sent_copy") {
			t.Errorf("%s: %v", mode, err)
		}
	}
}

// E-09: what a mail that was answered elsewhere does is one of three things.
func TestSettingsAnsweredElsewhere(t *testing.T) {
	for _, c := range []struct {
		mode        string
		good, stops bool
	}{{`""`, true, false}, {"note", true, false}, {"stop", true, true}, {`"off"`, true, false}, {"maybe", false, false}} {
		text := strings.Replace(goodSettings, "\n    imap:", "\n    answered: "+c.mode+"\n    imap:", 1)
		s, err := load(settingsFile(t, text), goodEnv)
		if (err == nil) != c.good || c.good && s.inboxConfig().Accounts[0].AnsweredStops != c.stops || !c.good && !strings.Contains(err.Error(), "email.0.answered") {
			t.Errorf("%s: %v", c.mode, err)
		}
	}
}

func TestSettingsRefuseUnknownNames(t *testing.T) {
	_, err := load(settingsFile(t, strings.Replace(goodSettings, "grace:", "grade:", 1)), goodEnv)
	if err == nil || !strings.Contains(err.Error(), "grade") {
		t.Errorf("a misspelt setting passes: %v", err)
	}
	_, err = load(settingsFile(t, goodSettings), []string{"SECRET=" + strings.Repeat("x", 32)})
	if err == nil || !strings.Contains(err.Error(), "MAIL_PASSWORD") {
		t.Errorf("a variable that is not set passes: %v", err)
	}
	if _, err = load(filepath.Join(t.TempDir(), "none.yaml"), nil); err == nil {
		t.Error("a file that is not there passes")
	}
}

// E-29: a mailbox acknowledges only when it is told what to say, in languages that exist.
func TestSettingsOfAcknowledgements(t *testing.T) {
	s, err := load(settingsFile(t, goodSettings), goodEnv)
	if err != nil || s.inboxConfig().Accounts[0].Ack != nil {
		t.Errorf("acknowledgements are on without a word: %v", err)
	}
	ack := func(text string) string {
		return strings.Replace(goodSettings, "    name: Assistenza\n", "    name: Assistenza\n    ack: "+text+"\n", 1)
	}
	s, err = load(settingsFile(t, ack(`{texts: {it: {subject: "Richiesta {number}", text: "Grazie"}, en: {text: Thanks}}}`)), goodEnv)
	if err != nil {
		t.Fatal(err)
	}
	if a := s.inboxConfig().Accounts[0].Ack; a == nil || a.Locale != "it" || a.Texts["it"].Subject != "Richiesta {number}" || a.Texts["en"].Text != "Thanks" {
		t.Errorf("%+v", a)
	}
	for text, want := range map[string]string{
		`{texts: {en: {text: Thanks}}}`:                              `email.0.ack.locale: "it" has no text`,
		`{locale: en, texts: {en: {text: " "}}}`:                     `email.0.ack.texts.en: has no text`,
		`{locale: it, texts: {it: {text: x}, italian: {text: "x"}}}`: `"italian" is not a language`,
	} {
		if _, err := load(settingsFile(t, ack(text)), goodEnv); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// E-51: accounts that are one to their SMTP server share the slowest pace that one of them names.
func TestE51PaceOfAnSMTPServer(t *testing.T) {
	at := func(account, host, user string, perMinute int) EmailSettings {
		return EmailSettings{Account: account, SMTP: MailServerSettings{Host: host, Port: 587, User: user}, PerMinute: perMinute}
	}
	pace, shared := Settings{Email: []EmailSettings{
		at("a", "smtp.example", "house", 60), at("b", "SMTP.example", "House", 30), at("c", "smtp.example", "house", 0),
		at("d", "smtp.example", "other", 0), at("e", "mail.example", "house", 120),
	}}.pace()
	want := map[channels.AccountID]time.Duration{"a": 2 * time.Second, "b": 2 * time.Second, "c": 2 * time.Second, "e": time.Second / 2}
	if !maps.Equal(pace, want) || shared["a"] != shared["c"] || shared["a"] != shared["b"] || shared["a"] == shared["d"] || shared["a"] == shared["e"] {
		t.Errorf("%v %v", pace, shared)
	}
}
