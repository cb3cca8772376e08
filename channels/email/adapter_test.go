package email

import (
	"errors"
	"testing"
	"time"

	"sportello/channels"
	"sportello/channels/channeltest"
)

func TestE08MailArrivesByIdle(t *testing.T) {
	server, r := startMail(t, channeltest.MailOptions{}), newRig()
	cfg := configFor(server)
	cfg.IdleRenew = 20 * time.Minute // only a push can bring the mail in time
	r.run(t, cfg)
	r.awaitHealth(t, "ok", func(h channels.Health) bool { return h.OK })
	deliver(t, server, written("one@example.test", "Ordine 7", "Dov'è il mio ordine?"))
	got := r.await(t, 1)[0]
	if got.From.Value != "anna@example.test" || got.From.Name != "Anna Rossi" || got.Subject != "Ordine 7" || got.Text != "Dov'è il mio ordine?" {
		t.Errorf("read %+v", got)
	}
	if got.Raw == "" || got.Thread.MessageID != "one@example.test" || got.Auto != channels.AutoNone || got.Proof != channels.ProofNone {
		t.Errorf("read %+v", got)
	}
}

// REQ-EM1: an outage of any length is recovered completely.
func TestREQEM1OutageIsRecovered(t *testing.T) {
	server, r := startMail(t, channeltest.MailOptions{}), newRig()
	stop := r.run(t, configFor(server))
	deliver(t, server, written("first@example.test", "prima", "x"))
	r.await(t, 1)
	stop()
	deliverMany(t, server, 500, time.Now().AddDate(0, 0, -30))
	r.run(t, configFor(server))
	if got := r.await(t, 501); len(got) != 501 {
		t.Errorf("%d messages", len(got))
	}
	if calls := r.sink.Calls(); calls > 501+groupMails {
		t.Errorf("%d calls of Accept: what had been taken was taken again", calls)
	}
}

func TestE04RenumberedFolderBringsNothingTwice(t *testing.T) {
	server, r := startMail(t, channeltest.MailOptions{}), newRig()
	deliverMany(t, server, 30, time.Now())
	deliver(t, server, written("", "senza id", "corpo"))
	deliver(t, server, written("variant@example.test", "lista", "corpo")) // the same id with a list's footer: both are kept, once each
	deliver(t, server, written("variant@example.test", "lista", "corpo\r\n--\r\npiede"))
	r.run(t, configFor(server))
	r.await(t, 33)
	if err := server.Renumber(support); err != nil {
		t.Fatal(err)
	}
	deliver(t, server, written("new@example.test", "nuova", "x"))
	if got := r.await(t, 34); len(got) != 34 || got[33].Thread.MessageID != "new@example.test" {
		t.Errorf("%d messages, the last %q", len(got), got[len(got)-1].Thread.MessageID)
	}
	if calls := r.sink.Calls(); calls < 67 {
		t.Errorf("%d calls of Accept: the folder was not taken again", calls)
	}
}

// Promise 1: the position moves only after the record has committed.
func TestPromise1BookmarkFollowsAccept(t *testing.T) {
	server, r := startMail(t, channeltest.MailOptions{}), newRig()
	release := r.sink.Hold()
	defer release()
	deliverMany(t, server, 3, time.Now())
	r.run(t, configFor(server))
	ctx := t.Context()
	if err := r.sink.WaitCalls(ctx, 1); err != nil {
		t.Fatal(err)
	}
	if v, _ := r.bookmarks.Load(ctx, "mail1", "imap/INBOX"); v != "" {
		t.Errorf("position %s saved before Accept returned", v)
	}
	release()
	r.await(t, 3)
}

func TestE13StoreDownIsRetried(t *testing.T) {
	server, r := startMail(t, channeltest.MailOptions{}), newRig()
	r.sink.Fail(errors.New("database is gone"))
	deliverMany(t, server, 3, time.Now())
	r.run(t, configFor(server))
	h := r.awaitHealth(t, "store", func(h channels.Health) bool { return h.Code == codeStore })
	if h.OK {
		t.Error("healthy without a store")
	}
	r.sink.Fail(nil)
	r.await(t, 3)
	r.awaitHealth(t, "ok again", func(h channels.Health) bool { return h.OK && h.At.After(h.LastSuccess.Add(-time.Second)) })
}

// REQ-EM2: an interruption of the mail server is visible, and the adapter recovers alone.
func TestREQEM2InterruptionHealsAlone(t *testing.T) {
	server, r := startMail(t, channeltest.MailOptions{}), newRig()
	r.run(t, configFor(server))
	r.awaitHealth(t, "ok", func(h channels.Health) bool { return h.OK })
	server.Interrupt(true)
	r.awaitHealth(t, "network", func(h channels.Health) bool { return h.Code == codeNetwork && !h.LastSuccess.IsZero() })
	deliver(t, server, written("later@example.test", "dopo", "x"))
	server.Interrupt(false)
	r.await(t, 1)
}

func TestE13WrongPasswordIsAuth(t *testing.T) {
	server, r := startMail(t, channeltest.MailOptions{}), newRig()
	cfg := configFor(server)
	cfg.IMAP.Password = "wrong"
	r.run(t, cfg)
	r.awaitHealth(t, "auth", func(h channels.Health) bool { return h.Code == codeAuth && !h.OK })
}

func TestE01UntrustedCertificateIsRefused(t *testing.T) {
	server, r := startMail(t, channeltest.MailOptions{}), newRig()
	cfg := configFor(server)
	cfg.CAs = nil
	r.run(t, cfg)
	r.awaitHealth(t, "tls", func(h channels.Health) bool { return h.Code == codeTLS && !h.OK })
}

func TestE16SameMailTwiceIsOne(t *testing.T) {
	server, r := startMail(t, channeltest.MailOptions{}), newRig()
	raw := written("same@example.test", "uguale", "testo")
	deliver(t, server, append([]byte("Received: by one.example\r\n"), raw...))
	deliver(t, server, append([]byte("Received: by two.example\r\n"), raw...))
	deliver(t, server, written("same@example.test", "uguale", "testo\n-- \nLista, per cancellarsi"))
	r.run(t, configFor(server))
	if got := r.await(t, 2); got[0].External == got[1].External {
		t.Errorf("%d messages, variants %q", len(got), got[0].External)
	}
	if err := r.sink.WaitCalls(t.Context(), 3); err != nil || len(r.sink.Inbounds()) != 2 {
		t.Errorf("%d messages, %v", len(r.sink.Inbounds()), err)
	}
}
