package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"text/template"
	"time"

	"sportello/channels/channeltest"
	"sportello/cmd/staging/process"
)

// What the gateway under load is given.
const (
	desks       = 8 // agents, each with a queue of his own, so that a message goes to one screen
	chatAccount = "shop"
	mailAccount = "support"
	smsAccount  = "sms"
	smsNumber   = "+390236714980"
	smsSID      = "AC00000000000000000000000000010ad0"
	smsToken    = "010ad0010ad0010ad0010ad0010ad001"
	password    = "correct horse battery"
	manager     = "capo@sportello.test"
	website     = "https://www.sportello.test"
)

func deskEmail(i int) string { return fmt.Sprintf("desk%d@sportello.test", i) }

// server is one gateway that this program runs.
type server struct {
	*process.Process
	binary, dir     string
	record          string // as in its settings
	public, metrics string // http://host:port
}

// build makes the gateway's program.
func build(ctx context.Context, binary string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, "sportello/cmd/gateway")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the gateway: %w\n%s", err, out)
	}
	return nil
}

// gatewaySettings is what settings are made of. Mail is nil for a gateway without a mailbox, Twilio is where the provider answers.
type gatewaySettings struct {
	Listen, Metrics, Record, Redis, Twilio string
	Dir                                    string
	Mail                                   *dovecot
	Mailbox                                string
}

var settingsFile = template.Must(template.New("").Parse(`
listen: "{{.Listen}}"
public_url: "http://{{.Listen}}"
metrics: "{{.Metrics}}"
record: "{{.Record}}"
blobs: "{{.Dir}}/blobs"
secret: 0123456789abcdef0123456789abcdef
redis: {addresses: ["{{.Redis}}"]}
log: {level: warn, format: text}
mail_hold: 0s
verify_senders: false
routing: {offer_time: 60s, disconnect_grace: 600s}
chat:
  - {account: ` + chatAccount + `, name: Bottega, origins: ["` + website + `"], locale: it}
chat_limits: {sockets: 100000, per_ip: 100000, visits_per_minute: 10000000, messages: 10000000, message_every: 1us}
{{with .Mail}}ca_file: "{{.CA}}"
email:
  - account: ` + mailAccount + `
    address: {{$.Mailbox}}
    name: Bottega
    poll: 2s
    imap: {host: 127.0.0.1, port: {{.Port}}, tls: tls, user: {{$.Mailbox}}, password: ` + mailPassword + `}
    smtp: {host: 127.0.0.1, port: 1, tls: tls, user: {{$.Mailbox}}, password: ` + mailPassword + `}
{{end}}{{if .Twilio}}sms:
  - {account: ` + smsAccount + `, account_sid: ` + smsSID + `, auth_tokens: [` + smsToken + `], number: "` + smsNumber + `", api_base: "{{.Twilio}}", name: Bottega}
{{end}}`))

// CA is the file with the certificate, for the settings.
func (d *dovecot) CA() string { return d.ca }

// Port is the IMAP port, for the settings.
func (d *dovecot) Port() int { return d.port }

// prepareGateway writes the settings of a gateway in dir and gives it its agents and queues. It does not start it.
func prepareGateway(ctx context.Context, binary string, set gatewaySettings) (*server, error) {
	listen, err := process.FreeAddress()
	if err != nil {
		return nil, err
	}
	metrics, err := process.FreeAddress()
	if err != nil {
		return nil, err
	}
	set.Listen, set.Metrics = listen, metrics
	s := &server{binary: binary, dir: set.Dir, public: "http://" + listen, metrics: "http://" + metrics}
	var text strings.Builder
	if err := settingsFile.Execute(&text, set); err != nil {
		return nil, err
	}
	if err := os.WriteFile(s.settings(), []byte(text.String()), 0o600); err != nil {
		return nil, err
	}
	people := [][]string{{"queue", "add", "assistenza", "--name", "Assistenza"},
		{"agent", "add", manager, "--name", "Capo", "--role", "manager", "--password-stdin"}}
	for i := range desks {
		queue := fmt.Sprintf("banco%d", i)
		people = append(people, []string{"queue", "add", queue, "--name", queue},
			[]string{"agent", "add", deskEmail(i), "--name", "Desk " + queue, "--queue", queue, "--password-stdin"})
	}
	for _, args := range people {
		if err := s.command(ctx, args...); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *server) settings() string { return filepath.Join(s.dir, "gateway.yaml") }

func (s *server) log() string { return filepath.Join(s.dir, "gateway.log") }

// command runs one of the gateway's commands.
func (s *server) command(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, s.binary, append(args, "--settings", s.settings())...)
	cmd.Stdin = strings.NewReader(password + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("gateway %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

// start starts the gateway and waits until it is ready.
func (s *server) start(ctx context.Context) (err error) {
	if s.Process, err = process.Launch(exec.Command(s.binary, "serve", "--settings", s.settings()), s.log(), syscall.SIGTERM); err != nil { //nolint:noctx // it outlives the call
		return err
	}
	return s.AwaitURL(ctx, s.metrics+"/readyz")
}

// joined is the first error there is.
func joined(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// startTwilio runs the double of the provider inside this program until stop is called, and returns where it answers.
func startTwilio(ctx context.Context) (address string, stop func(), err error) {
	double := channeltest.NewTwilio(channeltest.TwilioConfig{AccountSID: smsSID, AuthToken: smsToken, Numbers: []string{smsNumber}})
	return serveHere(ctx, double)
}

// serveHere answers HTTP on a free port of the loopback until stop is called.
func serveHere(ctx context.Context, h http.Handler) (address string, stop func(), err error) {
	l, err := listen(ctx)
	if err != nil {
		return "", nil, err
	}
	web := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = web.Serve(l) // it ends by Close
	}()
	return "http://" + l.Addr().String(), func() {
		_ = web.Close()
		<-done
	}, nil
}
