package live

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sportello/channels"
	"sportello/inbox"
)

// Two routers and the same item: one owner. 32 routers overbook nobody.
func TestRoutersOverbookNobody(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		const routers, agents, items, room = 32, 4, 24, 3
		for i := range items {
			d.waits(chat(i))
		}
		for i := range agents {
			d.arrives(inbox.AgentID(fmt.Sprint("agent", i)), room)
		}
		var taken [items]atomic.Int32
		var wg sync.WaitGroup
		for r := range routers {
			wg.Go(func() {
				for i := range items * agents {
					n := (i + r*7) % (items * agents)
					c, a := chat(n%items), inbox.AgentID(fmt.Sprint("agent", n/items))
					o, err := d.Offer(t.Context(), c.ID, a, time.Minute, nil)
					if err == nil {
						taken[n%items].Add(1)
						_, err = d.Accept(t.Context(), o.ID, a)
					}
					if err != nil && !errors.Is(err, ErrNoRoom) && !errors.Is(err, ErrNotWaiting) {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		total := int32(0)
		for i := range taken {
			if n := taken[i].Load(); n > 1 {
				t.Errorf("conversation %d was given %d times", i, n)
			}
			total += taken[i].Load()
		}
		if total != agents*room {
			t.Errorf("%d given, want %d", total, agents*room)
		}
		for i := range agents {
			if a := d.agent(inbox.AgentID(fmt.Sprint("agent", i))); a.Load[channels.Chat] != room {
				t.Errorf("%s has %d, room %d", a.ID, a.Load[channels.Chat], room)
			}
		}
	})
}

func TestTwoAcceptsAtOnceHaveOneWinner(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		c := chat(1)
		d.waits(c)
		d.arrives("anna", 1)
		d.arrives("bruno", 1)
		o := d.offered(c, "anna")
		var won atomic.Int32
		var wg sync.WaitGroup
		for _, try := range []func() error{
			func() error { _, err := d.Accept(t.Context(), o.ID, "anna"); return err },
			func() error { _, err := d.Claim(t.Context(), c.ID, "bruno", true); return err },
		} {
			wg.Go(func() {
				if try() == nil {
					won.Add(1)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Fatalf("%d have it", won.Load())
		}
		if n := d.agent("anna").Load[channels.Chat] + d.agent("bruno").Load[channels.Chat]; n != 1 {
			t.Fatalf("it takes %d rooms", n)
		}
	})
}
