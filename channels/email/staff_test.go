package email

import (
	"context"
	"errors"
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
		deps.Staff = func(_ context.Context, address string) (bool, error) { return address == c.from, nil }
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

// A record that does not answer keeps the mail outside.
func TestE48UnknownStaffKeepsTheMail(t *testing.T) {
	server, r := startMail(t, channeltest.MailOptions{}), newRig()
	deps := r.deps()
	deps.Staff = func(context.Context, string) (bool, error) { return false, errors.New("record is away") }
	_, err := New(configFor(server), deps).Take(t.Context(), written("one@example.test", "x", "x"), authn.Envelope{})
	if err == nil || len(r.sink.Inbounds()) != 0 || channels.AsFault(err) == nil {
		t.Error(err, r.sink.Inbounds())
	}
}
