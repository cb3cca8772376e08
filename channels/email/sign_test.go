package email

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"sportello/channels"
	"sportello/channels/channeltest"
	"sportello/channels/email/field"
)

// signers are one key of each kind, with its DNS record.
func signers(t *testing.T) map[string]*Signing {
	t.Helper()
	small, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*Signing{}
	for name, key := range map[string]any{"rsa": small, "ed25519": edwards} {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		loaded, err := LoadKey(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = &Signing{Selector: "k1", Key: loaded}
	}
	return all
}

// record is the DNS record of a key.
func record(t *testing.T, s *Signing) []string {
	t.Helper()
	txt, err := s.Record()
	if err != nil {
		t.Fatal(err)
	}
	return []string{txt}
}

// E-52, E-53: what leaves bears a signature that holds, that covers both fields of unsubscribing, and that breaks when anybody adds a
// field, even one that was not there.
func TestE52MailIsSigned(t *testing.T) {
	for kind, signing := range signers(t) {
		server, r := startMail(t, channeltest.MailOptions{}), newRig()
		cfg := configFor(server)
		cfg.DKIM = signing
		out := reply(r, t)
		out.Unsubscribe = &channels.Unsubscribe{URL: "https://help.example.it/u/abc", Mail: "support+u.abc@sportello.test"}
		out.Campaign, out.List, out.ListID, out.Auto = "saldi estivi", "news", "news.sportello.test", channels.AutoList
		if _, err := New(cfg, r.deps()).Send(t.Context(), out); err != nil {
			t.Fatal(err)
		}
		raw := server.Mails("anna@example.test")[0].Raw
		raw = raw[bytes.Index(raw, []byte("DKIM-Signature")):]
		verify := func(mail []byte) error {
			found, err := dkim.VerifyWithOptions(bytes.NewReader(mail), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
				if name != "k1._domainkey.sportello.test" {
					t.Errorf("asked for %s", name)
				}
				return record(t, signing), nil
			}})
			if err != nil || len(found) != 1 {
				t.Fatalf("%s: %v %v", kind, found, err)
			}
			for _, must := range []string{"From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post"} {
				if n := strings.Count(strings.ToLower(strings.Join(found[0].HeaderKeys, ":")+":"), strings.ToLower(must)+":"); n < 2 {
					t.Errorf("%s: %s is signed %d times", kind, must, n)
				}
			}
			return found[0].Err
		}
		if err := verify(raw); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		for _, added := range []string{"Subject: other", "From: x@evil.test", "Cc: x@evil.test", "List-Unsubscribe: <https://evil.test>",
			"List-Unsubscribe-Post: List-Unsubscribe=One-Click"} {
			if verify(append([]byte(added+"\r\n"), raw...)) == nil {
				t.Errorf("%s: holds with %q added", kind, added)
			}
		}
		if verify(bytes.Replace(raw, []byte("Buongiorno"), []byte("Buonasera!"), 1)) == nil {
			t.Errorf("%s: holds with another text", kind)
		}
		h, _ := field.Split(raw)
		if h.Get("list-unsubscribe") != "<https://help.example.it/u/abc>, <mailto:support+u.abc@sportello.test?subject=unsubscribe>" ||
			h.Get("list-unsubscribe-post") != "List-Unsubscribe=One-Click" || h.Get("list-id") != "<news.sportello.test>" ||
			h.Get("feedback-id") != "saldi_estivi:news:campaign:sportello.test" || h.Get("precedence") != "bulk" || h.Has("auto-submitted") {
			t.Errorf("%+v", h)
		}
	}
}

// RFC 8058 section 3.1: one click is offered by https only, and nothing in an address can begin another field.
func TestE53OneClickNeedsHTTPS(t *testing.T) {
	for name, u := range map[string]channels.Unsubscribe{
		"http": {URL: "http://help.example.it/u/abc"}, "script": {URL: "javascript:x"}, "empty": {}, "broken": {URL: "https://"},
		"injected": {URL: "https://x.it/a>\r\nBcc: evil@example.test", Mail: "a@b.it>\r\nBcc: evil@example.test"},
	} {
		var w bytes.Buffer
		writeList(&w, channels.Outbound{Unsubscribe: &u, ListID: "x>\r\nBcc: y"})
		h, _ := field.Split(append(w.Bytes(), "\r\n"...))
		if h.Has("list-unsubscribe-post") || h.Has("bcc") || h.Has("list-unsubscribe") && name != "injected" {
			t.Errorf("%s: %s", name, w.String())
		}
	}
}

// Keys that cannot sign are refused at the start.
func TestE52KeysAreChecked(t *testing.T) {
	for name, raw := range map[string]string{"nothing": "", "no key": "-----BEGIN X-----\nAAAA\n-----END X-----\n"} {
		if _, err := LoadKey([]byte(raw)); err == nil {
			t.Error(name)
		}
	}
	for _, bad := range []*Signing{{}, {Selector: "a b"}, {Selector: "k", Domain: "x;y.it"}, {Selector: "k1", Domain: "nodots"}} {
		if len(bad.validate()) == 0 {
			t.Errorf("%+v", bad)
		}
	}
}
