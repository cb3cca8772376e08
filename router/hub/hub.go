package hub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"sportello/channels/pause"
	"sportello/channels/socket"
	"sportello/inbox"
	"sportello/inbox/live"
	"sportello/router/roster"
)

// Invariants of the hub, all under mu:
//   - pos is the position up to which the feed has been given out; only the follower moves it.
//   - a peer is given the entries after its sent, in order and once: by the follower while it is in step, by its own reader before.
//   - a frame is queued on a peer's connection under mu, so frames leave in the order of their positions.

// The times of the hub. lease is longer than a heartbeat may be late; silence is how long a client may leave pings unanswered.
const (
	beat    = 5 * time.Second
	lease   = 15 * time.Second
	silence = 15 * time.Second
	review  = time.Minute // how often the roster and the session of a connected agent are looked at again
	goodbye = 5 * time.Second
	call    = 5 * time.Second // the longest wait for one answer of the live inbox
)

// Feed is what the hub needs of the live inbox: *live.Inbox.
type Feed interface {
	Head(ctx context.Context) (live.Position, error)
	Read(ctx context.Context, from live.Position, limit int) ([]live.Entry, live.Position, error)
	Follow(ctx context.Context, from live.Position, deliver func([]live.Entry)) error
	Announce(ctx context.Context, p live.Profile, presence live.Presence, reason, socket string, ttl time.Duration) (live.AgentState, error)
	Heartbeat(ctx context.Context, tabs []live.Tab, ttl time.Duration) (unknown []int, err error)
	Disconnect(ctx context.Context, agent inbox.AgentID, socket string) error
	Publish(ctx context.Context, topic string, payload []byte) error
	Subscribe(ctx context.Context, topic string, deliver func(payload []byte)) (cancel func(), err error)
}

var _ Feed = (*live.Inbox)(nil)

// Options is what a hub works with. All but Alive, Visitor and Metrics are required.
type Options struct {
	Live   Feed
	Roster *roster.Book
	Origin func(*http.Request) bool // which pages may connect (RFC 6455 section 10.2)
	Log    *slog.Logger
	Now    func() time.Time

	// Alive reports whether a session still stands; its sockets are closed when it does not. Nil: always.
	Alive func(ctx context.Context, session string) (bool, error)
	// Visitor returns the chat visitor of a conversation, who is shown that the agent types; ok is false when there is none.
	Visitor func(ctx context.Context, c inbox.ConversationID) (v live.VisitorKey, ok bool, err error)
	Metrics prometheus.Registerer
}

// Hub holds the agents' sockets of one gateway. It is safe for concurrent use.
type Hub struct {
	opt Options
	up  *socket.Upgrader
	met *metrics
	out chan publication // signals on their way to the bus; full: the newest is dropped, for signals are of passing interest

	mu       sync.Mutex
	peers    map[*peer]struct{}
	pos      live.Position
	moved    chan struct{} // closed when pos takes a new epoch
	stopping bool
	here     map[inbox.AgentID]*colleague                           // who has sockets here
	known    map[inbox.ConversationID]known                         // learnt from the feed
	viewers  map[inbox.ConversationID]map[inbox.AgentID]*viewedFrom // who looks at what, over all gateways
}

// known is what the feed said last of a conversation.
type known struct {
	audience live.Audience
	seq      int64
}

// New makes a hub. It panics when something required is missing, which is an error in the program.
func New(o Options) *Hub {
	if o.Live == nil || o.Roster == nil || o.Origin == nil || o.Log == nil || o.Now == nil {
		panic("hub: Options.Live, Roster, Origin, Log and Now are required")
	}
	return &Hub{
		opt: o,
		met: newMetrics(o.Metrics),
		out: make(chan publication, 256),
		up: socket.NewUpgrader(socket.Options{
			Origin: o.Origin, Log: o.Log, ReadLimit: 16 << 10, QueueLimit: 2 * replayMost, QueueBytes: 16 << 20,
		}),
		peers:   map[*peer]struct{}{},
		moved:   make(chan struct{}),
		here:    map[inbox.AgentID]*colleague{},
		known:   map[inbox.ConversationID]known{},
		viewers: map[inbox.ConversationID]map[inbox.AgentID]*viewedFrom{},
	}
}

// Run follows the feed and keeps the leases until ctx ends; then it closes every socket with Drain and waits for them. It returns nil.
func (h *Hub) Run(ctx context.Context) error {
	g, run := errgroup.WithContext(ctx)
	g.Go(func() error { return h.follow(run) })
	g.Go(func() error { return h.keepLeases(run) })
	g.Go(func() error { return h.publish(run) })
	g.Go(func() error { return h.listen(run) })
	err := g.Wait()
	h.drain()
	return err
}

// follow gives out the feed. Whatever goes wrong with the live inbox is waited out: the sockets stay, and resume when it is back.
func (h *Hub) follow(ctx context.Context) error {
	const between = 200 * time.Millisecond
	for ctx.Err() == nil {
		from, err := h.start(ctx)
		if err == nil {
			err = h.opt.Live.Follow(ctx, from, h.deliver)
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, live.ErrGap):
			h.forget()
		case err != nil && !errors.Is(err, live.ErrNoEpoch):
			h.opt.Log.Warn("the feed broke off", "err", err)
		}
		if !pause.For(ctx, between) {
			return nil
		}
	}
	return nil
}

// start returns where to follow from. In a new epoch the agents are announced first, so that what their screens load then is right.
func (h *Hub) start(ctx context.Context) (live.Position, error) {
	head, err := h.opt.Live.Head(ctx)
	if err != nil {
		return live.Position{}, fmt.Errorf("head of the feed: %w", err)
	}
	h.mu.Lock()
	at := h.pos
	h.mu.Unlock()
	if at.Epoch == head.Epoch && at.Offset <= head.Offset {
		return at, nil
	}
	h.announceAll(ctx)
	h.reset(head)
	return head, nil
}

// forget makes the next start begin at the head, with every screen told to load anew.
func (h *Hub) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pos = live.Position{}
}

// reset moves the hub to a position that the sockets cannot be led to, and tells them.
func (h *Hub) reset(head live.Position) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pos = head
	clear(h.known)
	close(h.moved)
	h.moved = make(chan struct{})
	for p := range h.peers {
		if p.state == following { // one that is still reading finds out by itself
			h.refuse(p)
		}
	}
}

// drain takes no more sockets, closes those there are and waits for them.
func (h *Hub) drain() {
	h.mu.Lock()
	h.stopping = true
	var left []*peer
	for p := range h.peers {
		left = append(left, p)
		p.conn.Close(socket.Drain)
	}
	h.mu.Unlock()
	timeout := time.NewTimer(goodbye)
	defer timeout.Stop()
	for _, p := range left {
		select {
		case <-p.conn.Done():
		case <-timeout.C:
			h.opt.Log.Warn("sockets did not close in time")
			return
		}
	}
}
