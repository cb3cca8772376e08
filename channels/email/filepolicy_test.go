package email

import (
	"slices"
	"strings"
	"testing"

	"sportello/channels"
	"sportello/channels/channeltest"
	"sportello/channels/email/authn"
	"sportello/channels/email/clam"
)

// withFiles is a mail with one file per name; each holds its second word.
func withFiles(files ...[2]string) []byte {
	var b strings.Builder
	b.WriteString("From: anna@example.it\r\nTo: support@sportello.test\r\nSubject: file\r\nMessage-ID: <f@example.it>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n")
	b.WriteString("--b\r\nContent-Type: text/plain\r\n\r\nEcco.\r\n")
	for _, f := range files {
		b.WriteString("--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"" + f[0] + "\"\r\n\r\n" + f[1] + "\r\n")
	}
	b.WriteString("--b--\r\n")
	return []byte(b.String())
}

// checks takes a mail in and returns what was found of its files.
func checks(t *testing.T, cfg Config, scanner Scanner, raw []byte) []channels.Part {
	t.Helper()
	r := newRig()
	deps := r.deps()
	deps.Scanner = scanner
	cfg.IMAP, cfg.Account, cfg.Address = Server{}, "support", "support@sportello.test"
	cfg.SMTP = Server{Host: "127.0.0.1", Port: 25, TLS: TLSStart}
	a := New(cfg, deps)
	if _, err := a.Take(t.Context(), raw, authn.Envelope{}); err != nil {
		t.Fatal(err)
	}
	in := r.await(t, 1)[0]
	again, ok, err := a.Again(t.Context(), in.Raw)
	if err != nil || !ok || !slices.Equal(again.Parts, in.Parts) {
		t.Errorf("read anew: %+v, taken: %+v, %v", again.Parts, in.Parts, err)
	}
	for _, p := range in.Parts {
		if p.Blob == "" {
			t.Errorf("%s is not kept", p.Name)
		}
	}
	return in.Parts
}

func TestE45FilesAreScanned(t *testing.T) {
	d := channeltest.NewClamd(t, 1<<20)
	scanner, err := clam.New(d.Addr)
	if err != nil {
		t.Fatal(err)
	}
	raw := withFiles([2]string{"buono.txt", "parole"}, [2]string{"cattivo.doc", "x" + channeltest.Infected}, [2]string{"grande.bin", strings.Repeat("x", 1<<20+1)},
		[2]string{"altro.txt", "parole"})
	var got []string
	for _, p := range checks(t, Config{}, scanner, raw) {
		got = append(got, string(p.Check)+" "+p.Threat)
	}
	if want := []string{"clean ", "infected Sportello-Test-Signature", "unscanned ", "clean "}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// A scanner that is gone costs the mail nothing, and is asked once.
func TestE45ScannerGone(t *testing.T) {
	d := channeltest.NewClamd(t, 1<<20)
	d.Mute(true)
	scanner, err := clam.New(d.Addr)
	if err != nil {
		t.Fatal(err)
	}
	parts := checks(t, Config{}, scanner, withFiles([2]string{"a.txt", "a"}, [2]string{"b.txt", "b"}))
	for _, p := range parts {
		if p.Check != channels.CheckUnscanned {
			t.Errorf("%s: %q", p.Name, p.Check)
		}
	}
	if len(parts) != 2 || d.Asked() != 2 { // once when the mail was taken, once when it was read anew
		t.Errorf("%d files, asked %d times", len(parts), d.Asked())
	}
}

func TestE45FilePolicy(t *testing.T) {
	cfg := Config{Files: FilePolicy{Forbidden: []string{".exe", "application/x-elf", "video/*"}, MaxSize: 20}}
	raw := withFiles([2]string{"fattura.pdf.EXE", "MZ"}, [2]string{"foto.jpg", "\x7fELF\x02\x01\x01\x00"}, [2]string{"film", "\x00\x00\x00\x14ftypmp42\x00\x00\x00\x00mp42"},
		[2]string{"lungo.txt", strings.Repeat("x", 21)}, [2]string{"corto.txt", "x"})
	var got []channels.Check
	for _, p := range checks(t, cfg, nil, raw) {
		got = append(got, p.Check)
	}
	want := []channels.Check{channels.CheckForbidden, channels.CheckForbidden, channels.CheckForbidden, channels.CheckTooLarge, ""}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for _, p := range []FilePolicy{{Forbidden: []string{"exe"}}, {Forbidden: []string{".EXE"}}, {Forbidden: []string{"."}}, {Forbidden: []string{"/x"}}, {MaxSize: -1}} {
		if len(p.Validate()) == 0 {
			t.Errorf("%+v is accepted", p)
		}
	}
}
