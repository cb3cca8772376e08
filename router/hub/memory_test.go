package hub

import (
	"fmt"
	"io"
	"testing"

	"sportello/channels/channeltest/footprint"
	"sportello/inbox/inboxtest"
)

// TestIdleAgentIsSmall: an agent's socket that follows the feed costs less than half of a bare connection, its lease in the Redis of
// this process included. It was a third when this was written.
func TestIdleAgentIsSmall(t *testing.T) {
	const sockets, share = 500, .5
	r := newRig(t, inboxtest.SQLite(t))
	head, err := r.live.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r.follow("anna") // she is announced, so that the rest is one more tab each
	bare := footprint.Bare(t, sockets)
	ours := footprint.Each(t, sockets, func(int) io.Closer {
		c := footprint.Dial(t, r.url+"/?agent=anna")
		c.Say(t, fmt.Sprintf(`{"t":"hello","epoch":%q,"offset":%d}`, head.Epoch, head.Offset))
		c.Await(t, `"t":"welcome"`)
		return c
	})
	t.Logf("%d bytes per idle agent's socket, %d per bare connection", ours, bare)
	if float64(ours) > share*float64(bare) {
		t.Errorf("%d bytes per idle agent's socket, more than %g of the %d of a bare connection", ours, share, bare)
	}
	inboxtest.Until(t, "only anna's first is left", func() bool { return len(r.hub.all()) == 1 })
}
