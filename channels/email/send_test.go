package email

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"sportello/channels"
	"sportello/channels/channeltest"
	"sportello/channels/email/field"
	"sportello/channels/email/letter"
)

func reply(r *rig, t testing.TB) channels.Outbound {
	t.Helper()
	blob, _, err := r.vault.Put(context.Background(), strings.NewReader("%PDF-1.4 fattura"))
	if err != nil {
		t.Fatal(err)
	}
	return channels.Outbound{
		ID: "out-1", Account: "mail1", Kind: channels.Email,
		From:    channels.Address{Kind: channels.Email, Value: support, Name: "Lucia, Assistenza"},
		To:      []channels.Address{{Kind: channels.Email, Value: "anna@example.test", Name: "Anna \"A\" Rossì"}},
		Subject: "Re: Perché il mio ordine non è arrivato? Una domanda piuttosto lunga, da piegare su più righe",
		Text:    "Buongiorno Anna,\n\n.è partito oggi: https://example.test/track?x=1&y=2.\nCordiali saluti",
		Parts:   []channels.Part{{Name: "fattura n. 7.pdf", Type: "application/pdf", Size: 16, Blob: blob}},
		Thread: channels.Thread{
			MessageID: "out-1@sportello.test", InReplyTo: []string{"c2@example.test"},
			References: []string{"c1@example.test", "c2@example.test"}, Token: "abc234.77",
		},
		At: time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC),
	}
}

func TestE50ReplyArrivesWhole(t *testing.T) {
	server, r := startMail(t, channeltest.MailOptions{}), newRig()
	a := New(configFor(server), r.deps())
	out := reply(r, t)
	sent, err := a.Send(t.Context(), out)
	if err != nil || sent.State != channels.StateSent {
		t.Fatalf("%+v %v", sent, err)
	}
	got := server.Mails("anna@example.test")
	if len(got) != 1 {
		t.Fatalf("%d mails", len(got))
	}
	m := letter.Read(got[0].Raw, letter.Reading{})
	if m.Flaw != "" || m.Subject != out.Subject || m.From.Name != "Lucia, Assistenza" || m.To[0].Name != `Anna "A" Rossì` {
		t.Errorf("flaw %q, subject %q, from %q, to %q", m.Flaw, m.Subject, m.From.Name, m.To[0].Name)
	}
	if m.Text != out.Text || !strings.Contains(m.HTML, `href="https://example.test/track?x=1&amp;y=2"`) {
		t.Errorf("text %q\nhtml %q", m.Text, m.HTML)
	}
	if m.Thread.MessageID != "out-1@sportello.test" || strings.Join(m.Thread.References, " ") != "c1@example.test c2@example.test" || m.Thread.InReplyTo[0] != "c2@example.test" {
		t.Errorf("thread %+v", m.Thread)
	}
	if len(m.ReplyTo) != 1 || m.ReplyTo[0].Value != "support+abc234.77@sportello.test" {
		t.Errorf("reply-to %+v", m.ReplyTo)
	}
	if len(m.Files) != 1 || m.Files[0].Name != "fattura n. 7.pdf" || string(m.Files[0].Data) != "%PDF-1.4 fattura" {
		t.Errorf("files %+v", m.Files)
	}
	if m.Auto != channels.AutoNone || m.Header.Has("auto-submitted") {
		t.Errorf("an agent's answer is marked %q", m.Auto)
	}
}

func TestE49EveryAttemptIsTheSameMail(t *testing.T) {
	r := newRig()
	a := New(Config{
		Account: "mail1", Address: support, IMAP: Server{Host: "x", Port: 1, User: "u", Password: "p"}, SMTP: Server{Host: "x", Port: 1},
	}, r.deps())
	out := reply(r, t)
	first, err := a.compose(t.Context(), out)
	if err != nil {
		t.Fatal(err)
	}
	out.Attempt = 2
	if second, _ := a.compose(t.Context(), out); !bytes.Equal(first, second) {
		t.Error("two attempts differ")
	}
	for line := range bytes.SplitSeq(first, []byte("\n")) {
		if len(line) > 998 || len(line) > 0 && line[len(line)-1] != '\r' {
			t.Errorf("line of %d octets, or without CR: %.80q", len(line), line)
		}
	}
}

func TestE50HeadersCannotBeInjected(t *testing.T) {
	r := newRig()
	a := New(Config{
		Account: "mail1", Address: support, IMAP: Server{Host: "x", Port: 1, User: "u", Password: "p"}, SMTP: Server{Host: "x", Port: 1},
	}, r.deps())
	out := reply(r, t)
	out.Subject = "a\r\nBcc: evil@example.test\r\n\r\nbody"
	out.From.Name = "x\r\nX-Evil: 1"
	out.To[0].Name = "y>\r\nX-Evil: 2"
	out.Thread.InReplyTo = []string{"a@b>\r\nX-Evil: 3", "c2@example.test"}
	out.Thread.Token = "a\r\nX-Evil: 4"
	out.ID = "id\r\nX-Evil: 5"
	out.Parts[0].Name = "n\r\nX-Evil: 6\".pdf"
	out.Locale = "it\r\nX-Evil: 7"
	mail, err := a.compose(t.Context(), out)
	if err != nil {
		t.Fatal(err)
	}
	h, _ := field.Split(mail)
	if h.Has("bcc") || bytes.Contains(mail, []byte("\nX-Evil")) {
		t.Errorf("injected:\n%s", mail)
	}
}

func TestE50LongLinesAreEncoded(t *testing.T) {
	server, r := startMail(t, channeltest.MailOptions{}), newRig()
	a := New(configFor(server), r.deps())
	out := reply(r, t)
	out.Text = strings.Repeat("abcdefghi ", 500)
	out.Subject = strings.Repeat("x", 2000)
	if _, err := a.Send(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	raw := server.Mails("anna@example.test")[0].Raw
	for line := range bytes.SplitSeq(raw, []byte("\r\n")) {
		if len(line) > 998 {
			t.Errorf("line of %d octets", len(line))
		}
	}
	if m := letter.Read(raw, letter.Reading{}); m.Text != strings.TrimSpace(out.Text) {
		t.Errorf("text of %d bytes", len(m.Text))
	}
}

func TestE28AutomaticMailSaysSo(t *testing.T) {
	server, r := startMail(t, channeltest.MailOptions{}), newRig()
	a := New(configFor(server), r.deps())
	out := reply(r, t)
	out.Auto = channels.AutoReply
	if _, err := a.Send(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	m := letter.Read(server.Mails("anna@example.test")[0].Raw, letter.Reading{})
	if m.Auto != channels.AutoReply || m.Header.Get("x-auto-response-suppress") != "All" {
		t.Errorf("%q %+v", m.Auto, m.Header)
	}
}

func TestE49RefusalsAreFaults(t *testing.T) {
	server, r := startMail(t, channeltest.MailOptions{}), newRig()
	a := New(configFor(server), r.deps())
	for _, c := range []struct {
		reply    smtp.SMTPError
		class    channels.Class
		code     string
		suppress bool
	}{
		{smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "User unknown"}, channels.Permanent, channels.CodeBadAddress, true},
		{smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 8}, Message: "Bad sender"}, channels.Permanent, channels.CodeConfig, false},
		{smtp.SMTPError{Code: 552, EnhancedCode: smtp.EnhancedCode{5, 2, 2}, Message: "Over quota"}, channels.Permanent, channels.CodeMailboxFull, false},
		{smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "Greylisted"}, channels.Temporary, channels.CodeBlocked, false},
		{smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "Spam"}, channels.Permanent, channels.CodeBlocked, false},
		{smtp.SMTPError{Code: 552, EnhancedCode: smtp.EnhancedCode{5, 3, 4}, Message: "Too big"}, channels.Permanent, channels.CodeTooLarge, false},
		{smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "Slow\r\ndown"}, channels.Temporary, channels.CodeThrottled, false},
		{smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 4, 5}, Message: "Daily user sending limit exceeded"}, channels.Temporary, channels.CodeThrottled, false},
	} {
		server.Refuse(func(string) error { return &c.reply })
		_, err := a.Send(t.Context(), reply(r, t))
		f := channels.AsFault(err)
		if f == nil || f.Class != c.class || f.Code != c.code || f.Suppress != c.suppress || strings.ContainsAny(f.Detail, "\r\n") {
			t.Errorf("%d %v: %+v", c.reply.Code, c.reply.EnhancedCode, f)
		}
	}
}

// E-49: the server answers for each recipient. Who is refused or put off does not stop the others; who is done is not asked for again.
func TestE49EachRecipientHasHisAnswer(t *testing.T) {
	server, r := startMail(t, channeltest.MailOptions{}), newRig()
	a := New(configFor(server), r.deps())
	asked := map[string]int{}
	server.Refuse(func(to string) error {
		asked[to]++
		switch local, _, _ := strings.Cut(to, "@"); {
		case local == "gone":
			return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
		case local == "grey" && asked[to] == 1:
			return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "greylisted"}
		}
		return nil
	})
	out := reply(r, t)
	for _, who := range []string{"gone@example.test", "Grey@example.test"} {
		out.Cc = append(out.Cc, channels.Address{Kind: channels.Email, Value: who})
	}
	sent, err := a.Send(t.Context(), out)
	if err != nil || len(sent.Failed) != 2 || len(server.Mails("anna@example.test")) != 1 {
		t.Fatal(sent, err)
	}
	if gone, grey := sent.Failed[0], sent.Failed[1]; gone.Recipient != "gone@example.test" || !gone.Fault.Suppress || grey.Recipient != "Grey@example.test" || grey.Fault.Class != channels.Temporary {
		t.Errorf("%+v %+v", gone.Fault, grey)
	}
	out.Done = []string{"anna@example.test", "GONE@example.test"}
	if sent, err = a.Send(t.Context(), out); err != nil || len(sent.Failed) != 0 {
		t.Fatal(sent, err)
	}
	all := server.Relayed()
	if len(server.Mails("anna@example.test")) != 1 || len(all) != 1 || asked["anna@example.test"] != 1 || asked["gone@example.test"] != 1 || asked["grey@example.test"] != 2 {
		t.Errorf("asked %v, relayed %d", asked, len(all))
	}
	if h, _ := field.Split(all[0].Raw); h.Get("message-id") != "<out-1@sportello.test>" || !strings.Contains(h.Get("cc"), "gone@example.test") {
		t.Errorf("the later copy is another mail: %v", h)
	}
	server.Refuse(func(string) error {
		return &smtp.SMTPError{Code: 450, EnhancedCode: smtp.EnhancedCode{4, 2, 0}, Message: "later"}
	})
	out.Done = nil
	if sent, err = a.Send(t.Context(), out); err != nil || len(sent.Failed) != 3 {
		t.Error("nobody was taken, and that is not said of each", sent, err)
	}
	server.Refuse(nil)
	before := server.SMTPSessions()
	if _, err = a.Send(t.Context(), out); err != nil || server.SMTPSessions() != before {
		t.Error("the connection is of no use after it", err)
	}
}

func TestE49WrongPasswordIsTemporary(t *testing.T) {
	server, r := startMail(t, channeltest.MailOptions{}), newRig()
	cfg := configFor(server)
	cfg.SMTP.Password = "wrong"
	_, err := New(cfg, r.deps()).Send(t.Context(), reply(r, t))
	if f := channels.AsFault(err); f == nil || f.Class != channels.Temporary || f.Code != channels.CodeAuth {
		t.Errorf("%+v", f)
	}
}

func TestE49BreakAfterFinalDotIsUncertain(t *testing.T) {
	for _, c := range []struct {
		at    string
		class channels.Class
	}{{"DATA", channels.Temporary}, {"dot", channels.Uncertain}} {
		r := newRig()
		cfg := Config{
			Account: "mail1", Address: support, InsecureLab: true,
			IMAP: Server{Host: "127.0.0.1", Port: 1, User: "u", Password: "p"},
			SMTP: Server{Host: "127.0.0.1", Port: brokenSMTP(t, c.at), TLS: TLSDisabled},
		}
		_, err := New(cfg, r.deps()).Send(t.Context(), reply(r, t))
		if f := channels.AsFault(err); f == nil || f.Class != c.class {
			t.Errorf("broken at %s: %+v", c.at, f)
		}
	}
}

func TestSendEndsWithItsContext(t *testing.T) {
	r := newRig()
	cfg := Config{
		Account: "mail1", Address: support, InsecureLab: true,
		IMAP: Server{Host: "127.0.0.1", Port: 1, User: "u", Password: "p"},
		SMTP: Server{Host: "127.0.0.1", Port: brokenSMTP(t, "silent"), TLS: TLSDisabled},
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := New(cfg, r.deps()).Send(ctx, reply(r, t))
	if f := channels.AsFault(err); f == nil || f.Class != channels.Temporary || !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		t.Errorf("%+v", f)
	}
}
