package email

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"sportello/channels"
	"sportello/channels/channeltest"
	"sportello/channels/email/authn"
)

// E-48: a mail under the address of one of our people is marked, and says whether DMARC vouches for it. Anybody else's is not.
func TestE48MailOfOurPeopleIsMarked(t *testing.T) {
	pass := "Authentication-Results: mx.sportello.test; dmarc=pass header.from=example.test"
	for _, c := range []struct {
		more []string
		from string
		want string
	}{
		{[]string{pass}, "anna@example.test", warnStaff},
		{nil, "anna@example.test", warnStaffFaked},
		{[]string{"Authentication-Results: mx.evil.test; dmarc=pass header.from=example.test"}, "anna@example.test", warnStaffFaked},
		{[]string{pass, "From: anna@example.test"}, "anna@example.test", warnStaffFaked}, // twice
		{[]string{pass}, "else@example.test", ""},
	} {
		server, r := startMail(t, channeltest.MailOptions{}), newRig()
		cfg, deps := configFor(server), r.deps()
		cfg.AuthServs = []string{"mx.sportello.test"}
		deps.Staff = func(context.Context) ([]channels.Address, error) {
			return []channels.Address{{Value: "else@sportello.test", Name: "Else"}, {Value: strings.ToUpper(c.from), Name: "Anna Bianchi"}}, nil
		}
		if _, err := New(cfg, deps).Take(t.Context(), written("one@example.test", "x", "x", c.more...), authn.Envelope{}); err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, w := range r.await(t, 1)[0].Details.Warnings {
			if w == warnStaff || w == warnStaffFaked {
				got += w
			}
		}
		if got != c.want {
			t.Errorf("%v: %q, want %q", c.more, got, c.want)
		}
	}
}

// E-47: the name of one of our people over another address is a warning, also in letters that only look like his; a first name alone, and
// an address of our domain, are none.
func TestE47NameOfOurPeople(t *testing.T) {
	for from, want := range map[string]bool{
		`"Anna Bianchi" <x@evil.test>`: true, `"Bianchi, Anna" <x@evil.test>`: true, `"ΑΝΝΑ BlANCHl (Sportello)" <x@evil.test>`: true,
		`"Anna" <x@evil.test>`: false, `"Anna Bianchini" <x@evil.test>`: false, `"Anna Bianchi" <anna@vendite.sportello.test>`: false,
		`"Marco" <x@evil.test>`: false, `anna.bianchi@evil.test`: false,
	} {
		r := newRig()
		deps := r.deps()
		deps.Staff = func(context.Context) ([]channels.Address, error) {
			return []channels.Address{{Value: "anna@sportello.test", Name: "Anna Bianchi"}, {Value: "marco@sportello.test", Name: "Marco"}}, nil
		}
		raw := []byte("From: " + from + "\r\nMessage-ID: <one@evil.test>\r\nSubject: x\r\n\r\nx\r\n")
		if _, err := New(configFor(startMail(t, channeltest.MailOptions{})), deps).Take(t.Context(), raw, authn.Envelope{}); err != nil {
			t.Fatal(err)
		}
		if got := r.await(t, 1)[0].Details.Warnings; slices.Contains(got, warnStaffName) != want {
			t.Errorf("%s: %v", from, got)
		}
	}
}

// A record that does not answer keeps the mail outside.
func TestE48UnknownStaffKeepsTheMail(t *testing.T) {
	server, r := startMail(t, channeltest.MailOptions{}), newRig()
	deps := r.deps()
	deps.Staff = func(context.Context) ([]channels.Address, error) { return nil, errors.New("record is away") }
	_, err := New(configFor(server), deps).Take(t.Context(), written("one@example.test", "x", "x"), authn.Envelope{})
	if err == nil || len(r.sink.Inbounds()) != 0 || channels.AsFault(err) == nil {
		t.Error(err, r.sink.Inbounds())
	}
}
