package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sportello/inbox/inboxtest"
)

// keyIn is a file of the test keys of channels/email.
func keyIn(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "channels", "email", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// sealedMails are the same words for support@sportello.test, sealed with OpenPGP by Anna and with S/MIME.
func sealedMails(t *testing.T) (pgp, smime string) {
	t.Helper()
	read := func(name string) []byte {
		raw, err := os.ReadFile(keyIn(t, name))
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	head := "From: Anna <anna@example.test>\r\nTo: <support@sportello.test>\r\nSubject: ...\r\nMessage-ID: <%@example.test>\r\nMIME-Version: 1.0\r\n"
	message := strings.ReplaceAll(string(read("pgp/testdata/signed-encrypted.asc")), "\n", "\r\n")
	pgp = strings.Replace(head, "%", "p", 1) + "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b\r\n\r\n" +
		"--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b\r\nContent-Type: application/octet-stream; name=encrypted.asc\r\n\r\n" + message + "\r\n--b--\r\n"
	smime = strings.Replace(head, "%", "s", 1) + "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		base64.StdEncoding.EncodeToString(read("smime/testdata/ec-cbc.p7m")) + "\r\n"
	return pgp, smime
}

// E-42: an administrator sees what a mailbox with those keys would read, and why one without them does not.
func TestE42MailExplainWithKeys(t *testing.T) {
	pgp, smime := sealedMails(t)
	both := filepath.Join(t.TempDir(), "both.pem")
	var pem []byte
	for _, name := range []string{"smime/testdata/ec.key.pem", "smime/testdata/ec.crt.pem"} {
		raw, err := os.ReadFile(keyIn(t, name))
		if err != nil {
			t.Fatal(err)
		}
		pem = append(pem, raw...)
	}
	if err := os.WriteFile(both, pem, 0o600); err != nil {
		t.Fatal(err)
	}
	keys := []string{"--pgp-key", keyIn(t, "pgp/testdata/support.sec.asc"), "--pgp-known", keyIn(t, "pgp/testdata/anna.pub.asc"), "--smime-key", both}
	out, _, code := explainMails(t, append([]string{"--json"}, keys...), pgp, smime)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if code != 0 || len(lines) != 2 {
		t.Fatalf("exit status %d\n%s", code, out)
	}
	for i, want := range []string{
		`{"kind":"pgp","signed":true,"encrypted":true,"signer":"anna@example.test","valid":true,"opened":true}`,
		`{"kind":"smime","encrypted":true,"opened":true,"unprotected":true}`,
	} {
		var e struct {
			Text string          `json:"text"`
			Seal json.RawMessage `json:"seal"`
		}
		if err := json.Unmarshal([]byte(lines[i]), &e); err != nil || string(e.Seal) != want || e.Text != "Il codice è 4711." {
			t.Errorf("%v %s %q", err, e.Seal, e.Text)
		}
	}
	out, _, _ = explainMails(t, keys, pgp, smime)
	for _, want := range []string{"sealed       pgp, encrypted, opened, signed by anna@example.test, valid\n", "sealed       smime, encrypted, opened, not protected against change\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	if out, _, code := explainMails(t, nil, pgp); code != 0 || !strings.Contains(out, "sealed       pgp, encrypted, not opened: no_key") || strings.Contains(out, "4711") {
		t.Errorf("exit status %d\n%s", code, out)
	}
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"mail", "explain", "--pgp-key", keyIn(t, "pgp/testdata/anna.pub.asc"), "x.eml"}, nil, &stdout, &stderr); code != 1 || !strings.Contains(stderr.String(), "public only") {
		t.Errorf("exit status %d: %s%s", code, &stdout, &stderr)
	}
}

// withKeys writes the settings again with keys for the mailbox.
func (a *audited) withKeys() string {
	a.Helper()
	raw, err := os.ReadFile(a.file)
	if err != nil {
		a.Fatal(err)
	}
	return settingsFile(a.T, strings.Replace(string(raw), "    insecure_lab: true\n", `    insecure_lab: true
    seal:
      smime: [{key_file: `+keyIn(a.T, "smime/testdata/ec.key.pem")+`, certificate: `+keyIn(a.T, "smime/testdata/ec.crt.pem")+`}]
      smime_roots: [`+keyIn(a.T, "smime/testdata/rsa.crt.pem")+`]
      pgp: [{key_file: `+keyIn(a.T, "pgp/testdata/support.sec.asc")+`}]
      pgp_known: [`+keyIn(a.T, "pgp/testdata/anna.pub.asc")+`]
`, 1))
}

// E-42, N5: mail that came before its key did is kept as it came, and read once the key is there; with the key it is read at once.
func TestE42ReparseOpensMailOnceThereIsAKey(t *testing.T) {
	pgp, smime := sealedMails(t)
	a := newAudited(t, inboxtest.SQLiteURL(t))
	stop := a.background(a.app.mailboxes["support"].Run)
	for _, raw := range []string{pgp, smime} {
		if err := a.mail.DeliverAt("anna@example.test", "support@sportello.test", []byte(raw), time.Now().Add(-2*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	a.await(2)
	stop()
	const opened = `SELECT count(*) FROM message WHERE body = 'Il codice è 4711.' AND details LIKE '%"opened":true%' AND subject = '...'`
	count := func(query string) (n int) {
		if err := a.app.record.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count(`SELECT count(*) FROM message WHERE body = '' AND details LIKE '%"failure":"no_key"%'`); n != 2 || count(opened) != 0 {
		t.Fatalf("%d are shown as sealed", n)
	}
	a.file = a.withKeys()
	if out := a.reparse(); !strings.Contains(out, "2 mails read, 2 changed") || count(opened) != 2 {
		t.Errorf("%d opened: %s", count(opened), out)
	}
	a.await(2)
	if out := a.audit(0); !strings.Contains(out, "everything balances") {
		t.Error(out)
	}
}

// Keys that cannot be used keep the gateway from starting, and are told with every other problem; doctor says what a key is good for.
func TestE42KeysInSettings(t *testing.T) {
	a := newAudited(t, inboxtest.SQLiteURL(t))
	good := a.withKeys()
	raw, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	bad := strings.NewReplacer(keyIn(t, "smime/testdata/ec.crt.pem"), keyIn(t, "smime/testdata/rsa.crt.pem"), "pgp_known: [", "pgp_known: [/nowhere/known.asc, ", "port: ", "port: 0").Replace(string(raw))
	_, err = load(settingsFile(t, bad), nil)
	for _, want := range []string{"email.0.seal.smime.0: the certificate is of another key", "email.0.seal.pgp_known.0: /nowhere/known.asc cannot be read"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
	var out, logs bytes.Buffer
	run(t.Context(), []string{"doctor", "--settings", good}, nil, &out, &logs)
	for _, want := range []string{"ok    support S/MIME ", "ok    support OpenPGP ", "opens mail to support@sportello.test"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s\n%s", want, &out, &logs)
		}
	}
}
