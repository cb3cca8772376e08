package staging

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"text/template"
	"time"

	"sportello/cmd/staging/process"
)

// What the gateways are given.
const (
	chatAccount = "shop"
	mailAccount = "support"
	mailbox     = "support@sportello.test"
	smsAccount  = "sms"
	smsNumber   = "+390236714980"
	smsSID      = "AC00000000000000000000000000057a61"
	smsToken    = "57a6157a6157a6157a6157a6157a6157"
	password    = "correct horse battery"
	website     = "https://www.sportello.test"
)

// Gateway is one gateway as a process.
type Gateway struct {
	Name     string
	binary   string
	settings string
	listen   string
	metrics  string
	run      atomic.Pointer[process.Process] // nil before the first start
}

// gatewaySettings is what a settings file is made of.
type gatewaySettings struct {
	Listen, Metrics, Public, Record, Blobs, Redis, Master, Provider string
	IMAP, SMTP                                                      string // ports
}

var settingsFile = template.Must(template.New("").Parse(`
listen: "{{.Listen}}"
public_url: "{{.Public}}"
metrics: "{{.Metrics}}"
record: "{{.Record}}"
blobs: "{{.Blobs}}"
secret: 0123456789abcdef0123456789abcdef
redis: {addresses: [{{.Redis}}]{{with .Master}}, master: {{.}}{{end}}}
log: {level: info, format: text}
grace: 5s
mail_hold: 0s
verify_senders: false
routing: {offer_time: 15s, disconnect_grace: 90s}
chat_limits: {per_ip: 10000, visits_per_minute: 10000, message_every: 50ms}
chat:
  - {account: ` + chatAccount + `, name: Bottega, origins: ["` + website + `"], locale: it}
sms:
  - {account: ` + smsAccount + `, account_sid: ` + smsSID + `, auth_tokens: [` + smsToken + `], number: "` + smsNumber + `", api_base: "{{.Provider}}", name: Bottega}
email:
  - account: ` + mailAccount + `
    address: ` + mailbox + `
    name: Bottega
    poll: 2s
    insecure_lab: true
    imap: {host: 127.0.0.1, port: {{.IMAP}}, tls: none, user: ` + mailbox + `, password: "` + password + `"}
    sent_copy: off # whoever speaks IMAP reads: the watch counts connections
    smtp: {host: 127.0.0.1, port: {{.SMTP}}, tls: none, user: ` + mailbox + `, password: "` + password + `"}
`))

// newGateway writes the settings of a gateway. It does not start it.
func newGateway(dir, name, binary string, set gatewaySettings) (*Gateway, error) {
	g := &Gateway{Name: name, binary: binary, settings: filepath.Join(dir, name+".yaml"), listen: set.Listen, metrics: set.Metrics}
	var text strings.Builder
	if err := settingsFile.Execute(&text, set); err != nil {
		return nil, err
	}
	return g, os.WriteFile(g.settings, []byte(text.String()), 0o600)
}

// Start starts the gateway and waits until it is ready.
func (g *Gateway) Start(ctx context.Context) error {
	run, err := process.Launch(exec.Command(g.binary, "staged", "--clock", g.clock(), "--settings", g.settings), g.Log(), syscall.SIGTERM) //nolint:noctx // it outlives the call
	if err != nil {
		return err
	}
	g.run.Store(run)
	return run.AwaitURL(ctx, "http://"+g.metrics+"/readyz")
}

// clock is the file that says how far the clock of the gateway's machine is ahead.
func (g *Gateway) clock() string { return strings.TrimSuffix(g.settings, ".yaml") + ".clock" }

// SetClock sets the clock of the gateway's machine ahead of the right time, or behind it.
func (g *Gateway) SetClock(ahead time.Duration) error {
	next := g.clock() + ".next"
	if err := os.WriteFile(next, []byte(ahead.String()), 0o600); err != nil {
		return err
	}
	return os.Rename(next, g.clock()) // at one stroke: it is read all the time
}

// Kill ends the gateway as a crash does.
func (g *Gateway) Kill() { g.run.Load().Kill() }

// Stop ends the gateway in order.
func (g *Gateway) Stop() error { return g.run.Load().Stop() }

// Running reports whether the gateway's process is there.
func (g *Gateway) Running() bool { return g.run.Load().Running() }

// Log is the file the gateway writes.
func (g *Gateway) Log() string { return strings.TrimSuffix(g.settings, ".yaml") + ".log" }
