package customer_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"sportello/channels"
	"sportello/inbox/customer"
	"sportello/inbox/inboxtest"
	"sportello/inbox/journal"
)

// E-53: one link ends marketing by mail at once, for this customer only, and leaves service alone; a stranger's or altered link does nothing.
func TestE53OneClickWithdraws(t *testing.T) {
	d := inboxtest.SQLite(t)
	b := customer.NewBook(d, journal.New(d), time.Now)
	u, err := customer.NewUnsubscriber(b, make([]byte, 32), "https://help.example.it/")
	if err != nil {
		t.Fatal(err)
	}
	k := &desk{t: t, d: d, j: journal.New(d), book: b}
	id := k.resolve(channels.Inbound{Account: "mail", Kind: channels.Email, External: "1", Proof: channels.ProofProvider,
		From: channels.Address{Kind: channels.Email, Value: "anna@example.it"}}).Customer.ID
	link := u.Link(id, "news.example.it").URL
	token, ok := strings.CutPrefix(link, "https://help.example.it/u/")
	if !ok || strings.Contains(token, string(id)) {
		t.Fatal(link)
	}
	if got, list, ok := u.Read(token); !ok || got != id || list != "news.example.it" {
		t.Fatal(got, list, ok)
	}
	for _, bad := range []string{"", "x", token[:len(token)-2] + "AA", strings.Repeat("A", 2000), token + "!"} {
		if err := u.Leave(t.Context(), bad, false, time.Now()); !errors.Is(err, customer.ErrNotFound) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for range 2 {
		if err := u.Leave(t.Context(), token, false, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	c, err := b.Read(t.Context(), id)
	if err != nil || len(c.Consents) != 1 || c.Consents[0].SourceID != "news.example.it" || c.Consents[0].List != "news.example.it" || c.Consents[0].Source != "one_click" {
		t.Fatalf("%+v %v", c.Consents, err)
	}
	o := customer.Option{Kind: channels.Email, Address: "anna@example.it"}
	for list, want := range map[string]customer.Code{"news.example.it": customer.CodeConsentWithdrawn, "other": customer.CodeConsentMissing} {
		if got := customer.Objection(c, o, customer.Marketing, list); got != want {
			t.Errorf("%s: %q", list, got)
		}
	}
	if got := customer.Objection(c, o, customer.Service, ""); got != "" {
		t.Errorf("an answer: %q", got)
	}
	if err := u.Leave(t.Context(), token, true, time.Now()); err != nil {
		t.Fatal(err)
	}
	if c, err = b.Read(t.Context(), id); err != nil || len(c.Consents) != 2 || customer.Objection(c, o, customer.Marketing, "other") != customer.CodeConsentWithdrawn {
		t.Errorf("%+v %v", c.Consents, err)
	}
}

// A consent given for one address after an earlier withdrawal is withdrawn as well.
func TestE53OneClickEndsALaterConsent(t *testing.T) {
	books(t, func(t *testing.T, k *desk) {
		u, err := customer.NewUnsubscriber(k.book, make([]byte, 32), "https://help.example.it")
		if err != nil {
			t.Fatal(err)
		}
		id := k.resolve(channels.Inbound{Account: "mail", Kind: channels.Email, External: "1", Proof: channels.ProofProvider,
			From: channels.Address{Kind: channels.Email, Value: "anna@example.it"}}).Customer.ID
		token := strings.TrimPrefix(u.Link(id, "news").URL, "https://help.example.it/u/")
		o := customer.Option{Kind: channels.Email, Address: "anna@example.it"}
		for range 2 {
			if err := k.book.Consent(t.Context(), nil, id, customer.Consent{Kind: o.Kind, Address: o.Address, Purpose: customer.Marketing, Granted: true, Source: "web", Actor: "customer", At: k.now()}); err != nil {
				t.Fatal(err)
			}
			if err := u.Leave(t.Context(), token, false, k.now()); err != nil {
				t.Fatal(err)
			}
			if c, err := k.book.Read(t.Context(), id); err != nil || customer.Objection(c, o, customer.Marketing, "news") != customer.CodeConsentWithdrawn {
				t.Fatalf("%+v %v", c.Consents, err)
			}
		}
	})
}
