package email

import (
	"bytes"
	"testing"

	"sportello/channels"
	"sportello/channels/channeltest"
	"sportello/channels/email/field"
)

// E-53: a campaign's mail has an author, to whom its bounces go, and tells machines not to answer; nothing in a name begins another field.
func TestE53CampaignMailLeavesUnderAnAddress(t *testing.T) {
	server, r := startMail(t, channeltest.MailOptions{}), newRig()
	out := reply(r, t)
	out.Auto, out.Campaign, out.List = channels.AutoList, "a\r\nBcc: evil@example.test", "news"
	if _, err := New(configFor(server), r.deps()).Send(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	m := server.Mails("anna@example.test")[0]
	h, _ := field.Split(m.Raw)
	if m.From == "" || h.Has("bcc") || h.Get("x-auto-response-suppress") == "" || h.Has("auto-submitted") {
		t.Errorf("from %q: %s", m.From, m.Raw[:bytes.Index(m.Raw, []byte("\r\n\r\n"))])
	}
}
