package chat_test

import (
	"fmt"
	"io"
	"testing"

	"sportello/channels/channeltest/footprint"
	"sportello/channels/chat"
)

// TestIdleVisitorIsSmall: a visitor who is connected and quiet costs less than 45 % of a bare connection, his subscription included. It
// was a third when this was written.
func TestIdleVisitorIsSmall(t *testing.T) {
	const visitors, share = 500, .45
	r := open(t, func(s *chat.Settings) { s.Limits.PerIP, s.Limits.VisitsPerMin = visitors, 10*visitors })
	tokens := make([]string, visitors)
	for i := range tokens {
		tokens[i] = r.visit("")
	}
	bare := footprint.Bare(t, visitors)
	ours := footprint.Each(t, visitors, func(i int) io.Closer {
		c := footprint.Dial(t, r.url+"/chat/shop/socket", "Origin: "+page)
		c.Say(t, fmt.Sprintf(`{"t":"hello","token":%q}`, tokens[i]))
		c.Say(t, `{"t":"resume"}`)
		c.Await(t, `"t":"lines"`)
		return c
	})
	t.Logf("%d bytes per idle visitor, %d per bare connection", ours, bare)
	if float64(ours) > share*float64(bare) {
		t.Errorf("%d bytes per idle visitor, more than %g of the %d of a bare connection", ours, share, bare)
	}
	until(t, "all gone", func() bool { return r.srv.Sockets() == 0 })
}
