package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// Doctor names what does not work, in its own line, and exits with 1; what works is said too.
func TestDoctorNamesWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	file := settingsFile(t, loneSettings(dir)+`
email:
  - account: support
    address: support@example.it
    imap: {host: 127.0.0.1, port: 1, tls: tls, user: u, password: p}
    smtp: {host: 127.0.0.1, port: 1, tls: starttls, user: u, password: p}
chat: [{account: shop, name: Shop}]
files: {clamd: "127.0.0.1:1", forbidden: [".exe"], max_mib: 20}
`)
	var out, logs bytes.Buffer
	if code := run(t.Context(), []string{"doctor", "--json", "--settings", file}, nil, &out, &logs); code != 1 {
		t.Errorf("exit status %d, want 1\n%s", code, logs.String())
	}
	states := map[string]string{}
	for line := range strings.Lines(out.String()) {
		var f finding
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if states[f.What] == "" || f.State != "ok" {
			states[f.What] = f.State
		}
	}
	for what, want := range map[string]string{
		"settings": "ok", "attachments": "ok", "record": "ok", "live inbox": "ok", "clock": "ok", "single point": "warn", "agents": "bad", "support IMAP": "bad", "virus scanner": "warn", "support SMTP": "bad",
		"queue assistenza": "warn", "rules": "ok", "shop chat": "warn",
	} {
		if states[what] != want {
			t.Errorf("%s is %q, want %q\n%s", what, states[what], want, out.String())
		}
	}
}

// stagedElsewhere are the settings of a gateway that customers reach.
const stagedElsewhere = `
public_url: https://help.example.it
listen: 127.0.0.1:0
metrics: 127.0.0.1:0
record: sqlite:/nowhere/record.db
blobs: /nowhere/blobs
secret: 0123456789abcdef0123456789abcdef
redis: {addresses: [embedded]}
chat: [{account: shop, name: Shop, origins: ["https://www.example.it"]}]
`

func TestCommandLine(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{nil, 0, "Run the gateway."},
		{[]string{"frobnicate"}, 2, "frobnicate"},
		{[]string{"serve", "--settings", "/nowhere.yaml"}, 1, "nowhere.yaml"},
		{[]string{"staged", "--clock", "/nowhere", "--settings", settingsFile(t, stagedElsewhere)}, 1, "can be reached from outside"},
		{[]string{"demo", "--listen", "0.0.0.0:8080", "--data", t.TempDir()}, 1, "loopback"},
	} {
		var out, errs bytes.Buffer
		code := run(t.Context(), c.args, nil, &out, &errs)
		if code != c.code || !strings.Contains(out.String()+errs.String(), c.says) {
			t.Errorf("gateway %v: exit status %d, want %d, with %q\n%s%s", c.args, code, c.code, c.says, out.String(), errs.String())
		}
	}
}
