package email

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"sportello/channels"
	"sportello/channels/channeltest"
)

// E-05 and E-08: IDLE is renewed with a look between, and the look's "n:*", which names the last mail again, takes nothing twice.
func TestE05LooksTakeNothingTwice(t *testing.T) {
	server, r := startMail(t, channeltest.MailOptions{}), newRig()
	deliverMany(t, server, 3, time.Now())
	cfg := configFor(server)
	cfg.IdleRenew = 5 * time.Millisecond
	r.run(t, cfg)
	r.await(t, 3)
	looks := 0
	r.awaitHealth(t, "of the sixth look", func(h channels.Health) bool {
		if h.OK {
			looks++
		}
		return looks == 6
	})
	if calls := r.sink.Calls(); calls != 3 {
		t.Errorf("%d calls of Accept for 3 mails", calls)
	}
}

func TestSkipExistingBeginsWithNewMail(t *testing.T) {
	server, r := startMail(t, channeltest.MailOptions{}), newRig()
	deliverMany(t, server, 5, time.Now().AddDate(-1, 0, 0))
	cfg := configFor(server)
	cfg.SkipExisting = true
	r.run(t, cfg)
	r.awaitHealth(t, "ok", func(h channels.Health) bool { return h.OK })
	if err := server.DeliverAt("anna@example.test", support, written("new@example.test", "nuova", "x"), time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	r.await(t, 1)
	if err := server.Renumber(support); err != nil { // the old mail is not brought in by a new UIDVALIDITY either
		t.Fatal(err)
	}
	if err := r.sink.WaitCalls(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if got := r.sink.Inbounds(); len(got) != 1 || got[0].Thread.MessageID != "new@example.test" {
		t.Errorf("%d messages", len(got))
	}
}

func TestE07MailOverTheLimitOpensAStub(t *testing.T) {
	server, r := startMail(t, channeltest.MailOptions{}), newRig()
	cfg := configFor(server)
	cfg.MaxSize = 300 << 10
	deliver(t, server, written("small@example.test", "piccola", "x"))
	deliver(t, server, written("big@example.test", "grande", strings.Repeat("riga di testo\n", 50_000)))
	deliver(t, server, written("after@example.test", "dopo", "x"))
	r.run(t, cfg)
	got := r.await(t, 3)
	if got[1].Thread.MessageID != "big@example.test" || got[1].Flaw == "" || got[1].Raw == "" || got[2].Flaw != "" {
		t.Errorf("%q %q, then %q", got[1].Thread.MessageID, got[1].Flaw, got[2].Flaw)
	}
}

// E-13, REQ-EM3: what cannot be parsed is visible and holds nothing up.
func TestREQEM3UnreadableMailIsKept(t *testing.T) {
	server, r := startMail(t, channeltest.MailOptions{}), newRig()
	deliver(t, server, []byte("\x00\xff\xfe garbage\r\n"))
	deliver(t, server, []byte("From: a@x.it\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"+strings.Repeat("--b\r\n\r\nx\r\n", 2000)))
	deliver(t, server, written("fine@example.test", "bene", "x"))
	r.run(t, configFor(server))
	got := make(map[string]channels.Inbound) // strangers' mails come in any order
	for _, in := range r.await(t, 3) {
		got[in.From.Value] = in
	}
	if got[""].Flaw == "" || got[""].Raw == "" || got["a@x.it"].Flaw == "" || len(got) != 3 || got["anna@example.test"].Flaw != "" {
		t.Errorf("%+v", got)
	}
}

func TestE18OwnMailIsNoCustomerMessage(t *testing.T) {
	server, r := startMail(t, channeltest.MailOptions{}), newRig()
	cfg := configFor(server)
	a := New(cfg, r.deps())
	out := reply(r, t)
	out.Cc = []channels.Address{{Kind: channels.Email, Value: support}}
	if _, err := a.Send(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	deliver(t, server, written("c@example.test", "cliente", "x"))
	r.run(t, cfg)
	if got := r.await(t, 1); len(got) != 1 || got[0].Thread.MessageID != "c@example.test" {
		t.Errorf("%+v", got)
	}
	if len(server.Mails(support)) != 2 {
		t.Error("the copy never came back")
	}
}

func TestE45AttachmentsAreInTheVault(t *testing.T) {
	server, r := startMail(t, channeltest.MailOptions{}), newRig()
	if _, err := New(configFor(server), r.deps()).Send(t.Context(), withRecipient(reply(r, t), "support+x@sportello.test")); err != nil {
		t.Fatal(err)
	}
	raw := strings.ReplaceAll(string(server.Mails(support)[0].Raw), "X-Sportello-Id", "X-Other")
	raw = strings.ReplaceAll(raw, "out-1@sportello.test", "out-1@example.test")
	deliver(t, server, []byte(raw))
	r.run(t, configFor(server))
	got := r.await(t, 1)[0]
	if len(got.Parts) != 1 || got.Parts[0].Blob == "" || got.Parts[0].Size != 16 {
		t.Fatalf("%+v", got.Parts)
	}
	blob, err := r.vault.Open(t.Context(), got.Parts[0].Blob)
	if err != nil {
		t.Fatal(err)
	}
	blob.Close()
}

func withRecipient(out channels.Outbound, to string) channels.Outbound {
	out.To = []channels.Address{{Kind: channels.Email, Value: to}}
	return out
}

// A crash between Accept and the saving of the position brings the mail again, and the sink knows it.
func TestPromise1CrashBeforeTheBookmark(t *testing.T) {
	server, r := startMail(t, channeltest.MailOptions{}), newRig()
	r.bookmarks.Fail(errors.New("disk full"))
	deliver(t, server, written("once@example.test", "una", "x"))
	stop := r.run(t, configFor(server))
	r.awaitHealth(t, "store", func(h channels.Health) bool { return h.Code == codeStore })
	stop()
	r.bookmarks.Fail(nil)
	r.run(t, configFor(server))
	r.awaitHealth(t, "ok", func(h channels.Health) bool { return h.OK })
	if got := r.await(t, 1); len(got) != 1 {
		t.Errorf("%d messages", len(got))
	}
}

func TestRunEndsWithItsContextWhateverTheServerDoes(t *testing.T) {
	r := newRig()
	cfg := Config{
		Account: "mail1", Address: support, InsecureLab: true, SMTP: Server{Host: "127.0.0.1", Port: 1},
		IMAP: Server{Host: "127.0.0.1", Port: brokenSMTP(t, "silent"), TLS: TLSDisabled, User: "u", Password: "p"},
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := New(cfg, r.deps()).Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestValidateNamesEveryProblem(t *testing.T) {
	errs := Config{
		Address: "x", Aliases: []string{"y"}, IMAP: Server{Port: 70000, TLS: TLSDisabled}, SMTP: Server{Host: "h", Port: 25, TLS: "ssl", User: "u"},
		EHLO: "a b", Poll: -1, IdleRenew: time.Hour, MaxSize: -1,
	}.Validate()
	var all []string
	for _, err := range errs {
		all = append(all, err.Error())
	}
	text := strings.Join(all, "\n")
	for _, name := range []string{"account:", "address:", "aliases:", "imap.host:", "imap.port:", "imap.tls:", "imap.user:", "smtp.tls:", "smtp: user", "ehlo:", "poll:", "idle_renew:", "max_size:"} {
		if !strings.Contains(text, name) {
			t.Errorf("no word of %s in\n%s", name, text)
		}
	}
	if errs := configFor(startMail(t, channeltest.MailOptions{})).Validate(); errs != nil {
		t.Error(errs)
	}
}

func TestE13EmptyMailsAreTwoMails(t *testing.T) {
	server, r := startMail(t, channeltest.MailOptions{}), newRig()
	deliver(t, server, nil)
	deliver(t, server, nil)
	r.run(t, configFor(server))
	if got := r.await(t, 2); got[0].Flaw == "" || got[0].External == got[1].External {
		t.Errorf("%+v", got)
	}
}
