package live

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/journal"
)

var errSoon = errors.New("live: not built yet")

// Options says how to reach Redis and how the inbox behaves. The zero value of every field but Addrs is usable.
type Options struct {
	Addrs      []string // host:port; several with MasterName "" mean a cluster
	Username   string
	Password   string
	MasterName string           // Sentinel's name of the master; Addrs are then the sentinels
	TLS        bool             //
	Prefix     string           // the hash tag of all keys; default "sportello"
	Now        func() time.Time // default time.Now
	Log        *slog.Logger     // default: discards
	FeedLength int64            // entries kept, about; default 50 000
	Cooldown   time.Duration    // how long who declined or missed a conversation is not offered it again; default 10 min
	MissLimit  int              // consecutive expired offers after which an agent is set away (O4); default 2
}

// Inbox is the live inbox. It is safe for concurrent use.
type Inbox struct{}

// Open connects.
func Open(ctx context.Context, o Options) (*Inbox, error) { return nil, errSoon }

// Close releases the connections and waits for the goroutines of the bus.
func (in *Inbox) Close() error { return errSoon }

// Embedded starts a Redis-protocol server inside the process, on a free loopback port.
func Embedded(ctx context.Context) (addr string, close func(), err error) { return "", nil, errSoon }

// BehindError is ErrBehind with the streams that have gaps.
type BehindError struct{ Streams []Behind }

// Behind says that events (Have, Want) of a stream are missing. Have 0: the conversation is not known.
type Behind struct {
	Stream     journal.Stream
	Have, Want int64
}

// Error names the first stream.
func (e *BehindError) Error() string { return ErrBehind.Error() }

// Unwrap returns ErrBehind.
func (e *BehindError) Unwrap() error { return ErrBehind }

// Apply projects events.
func (in *Inbox) Apply(ctx context.Context, events []journal.Event) (applied int, err error) {
	return 0, errSoon
}

// Journal is what the relay reads; *journal.Journal is one.
type Journal interface {
	Changed() <-chan struct{}                                                                      // ready when something may be pending
	Pending(ctx context.Context, limit int) ([]journal.Event, error)                               // not yet relayed; in order within a stream
	Relayed(ctx context.Context, done []journal.Position) error                                    //
	Events(ctx context.Context, s journal.Stream, after int64, limit int) ([]journal.Event, error) // of a stream, seq > after, in order
}

// Relay copies the journal to the live inbox.
type Relay struct{}

// NewRelay makes the relay of this node. Every node runs one; a lease picks the one that works.
func NewRelay(j Journal, in *Inbox, log *slog.Logger) *Relay { return nil }

// Run relays until ctx ends. It returns nil then.
func (r *Relay) Run(ctx context.Context) error { return errSoon }

// Source is where the open conversations are read from for a rebuild: *inbox.Ledger.
type Source interface {
	Open(ctx context.Context, each func(inbox.Conversation) error) error
}

// Rebuild writes the live inbox anew from the record, under a new epoch.
func (in *Inbox) Rebuild(ctx context.Context, from Source) error { return errSoon }

// Guard rebuilds the live inbox whenever it is found empty.
type Guard struct{}

// NewGuard makes the guard of this node. Every node runs one.
func NewGuard(in *Inbox, from Source, log *slog.Logger) *Guard { return nil }

// Run checks each second, and at once when a call found no epoch, until ctx ends. It returns nil then.
func (g *Guard) Run(ctx context.Context) error { return errSoon }

// Announce makes an agent known, or known anew, with one socket whose lease runs for ttl. Presence "" keeps what it was (Offline for
// an unknown agent). The idle clock starts when the agent was unknown or offline (A1).
func (in *Inbox) Announce(ctx context.Context, p Profile, presence Presence, reason, socket string, ttl time.Duration) (AgentState, error) {
	return AgentState{}, errSoon
}

// Heartbeat extends the lease of a socket. ErrNotHere: the agent is not known and must be announced.
func (in *Inbox) Heartbeat(ctx context.Context, agent inbox.AgentID, socket string, ttl time.Duration) error {
	return errSoon
}

// Disconnect ends the lease of one socket. The agent is lost from now on if it was his last one.
func (in *Inbox) Disconnect(ctx context.Context, agent inbox.AgentID, socket string) error {
	return errSoon
}

// SetPresence changes what the agent chose. Available forgets missed offers. ErrNotHere: the agent is not known.
func (in *Inbox) SetPresence(ctx context.Context, agent inbox.AgentID, p Presence, reason string) (AgentState, error) {
	return AgentState{}, errSoon
}

// Agents are all announced agents, by id.
func (in *Inbox) Agents(ctx context.Context) ([]AgentState, error) { return nil, errSoon }

// Lost are agents without a lease for longer than grace.
type Lost struct {
	Agent         inbox.AgentID
	At            time.Time            // when the lease lapsed
	Conversations []inbox.Conversation // assigned to him, of kind chat
}

// Lost lists agents whose lease lapsed at least grace ago and who have chat conversations assigned (O6).
func (in *Inbox) Lost(ctx context.Context, now time.Time, grace time.Duration) ([]Lost, error) {
	return nil, errSoon
}

// Ended is an offer that has ended.
type Ended struct {
	Offer
	How    string // expired, lost, or lapsed for an accepted one that the record never confirmed
	Missed int    // consecutive, after this one
}

// Offer holds a waiting conversation for an agent (O1). ErrNotWaiting, ErrNotHere, ErrNoRoom.
func (in *Inbox) Offer(ctx context.Context, c inbox.ConversationID, agent inbox.AgentID, ttl time.Duration, d *inbox.Decision) (Offer, error) {
	return Offer{}, errSoon
}

// Accept takes an offer. The room stays held for 10 s, until the record says assigned. Repeating it is the same success; ErrOfferGone
// (a *GoneError) when it has ended otherwise.
func (in *Inbox) Accept(ctx context.Context, offer string, agent inbox.AgentID) (Offer, error) {
	return Offer{}, errSoon
}

// GoneError is ErrOfferGone with how it ended.
type GoneError struct {
	How string        // accepted, declined, expired, lost, rescinded, taken; "" when unknown
	By  inbox.AgentID // who has the conversation now, or ""
}

// Error says how.
func (e *GoneError) Error() string { return ErrOfferGone.Error() }

// Unwrap returns ErrOfferGone.
func (e *GoneError) Unwrap() error { return ErrOfferGone }

// Decline refuses an offer; the agent is not offered the conversation again for the cooldown.
func (in *Inbox) Decline(ctx context.Context, offer string, agent inbox.AgentID) (Offer, error) {
	return Offer{}, errSoon
}

// Expire ends the offers past their time and those of agents lost for 5 s.
func (in *Inbox) Expire(ctx context.Context, now time.Time) ([]Ended, error) { return nil, errSoon }

// Claim takes a waiting conversation without an offer: an agent's pull, or mail that is assigned at once. With force neither room nor
// presence is asked for and a pending offer to somebody else is rescinded.
func (in *Inbox) Claim(ctx context.Context, c inbox.ConversationID, agent inbox.AgentID, force bool) (Offer, error) {
	return Offer{}, errSoon
}

// Unclaim gives a claimed or accepted conversation back at once, for when the record refused it.
func (in *Inbox) Unclaim(ctx context.Context, c inbox.ConversationID, agent inbox.AgentID) error {
	return errSoon
}

// Forgive forgets who declined or missed a conversation (O3: when everybody has).
func (in *Inbox) Forgive(ctx context.Context, c inbox.ConversationID) error { return errSoon }

// Snapshot is the inbox at one moment.
func (in *Inbox) Snapshot(ctx context.Context) (Snapshot, error) { return Snapshot{}, errSoon }

// Work is what one agent has at hand.
type Work struct {
	Position      Position
	Conversations []inbox.Conversation // assigned to him, oldest first
	Offer         *Offer               // pending
}

// Work is what an agent's console starts from.
func (in *Inbox) Work(ctx context.Context, agent inbox.AgentID) (Work, error) { return Work{}, errSoon }

// Conversations returns those of the ids that are open, in the order of ids.
func (in *Inbox) Conversations(ctx context.Context, ids []inbox.ConversationID) ([]inbox.Conversation, error) {
	return nil, errSoon
}

// Placeable are conversations in state new, oldest first.
func (in *Inbox) Placeable(ctx context.Context, limit int) ([]inbox.Conversation, error) {
	return nil, errSoon
}

// Head is the position of the newest entry.
func (in *Inbox) Head(ctx context.Context) (Position, error) { return Position{}, errSoon }

// Read returns the entries after a position, and the position of the last of them (from when there is none). ErrGap, ErrNoEpoch.
func (in *Inbox) Read(ctx context.Context, from Position, limit int) ([]Entry, Position, error) {
	return nil, from, errSoon
}

// Follow delivers the entries after a position as they come, until ctx ends (nil) or ErrGap, ErrNoEpoch or the error of Redis.
func (in *Inbox) Follow(ctx context.Context, from Position, deliver func([]Entry)) error {
	return errSoon
}

// Publish sends a payload to whoever subscribes to the topic now, on any node. Nothing is kept.
func (in *Inbox) Publish(ctx context.Context, topic string, payload []byte) error { return errSoon }

// Subscribe delivers the payloads of a topic from its return until cancel. deliver must not block.
func (in *Inbox) Subscribe(ctx context.Context, topic string, deliver func(payload []byte)) (cancel func(), err error) {
	return nil, errSoon
}

// VisitorKey names a visitor of a chat account.
type VisitorKey struct {
	Account channels.AccountID
	Visitor string
}

// VisitorState says whether a visitor is here.
type VisitorState struct {
	Present bool
	LeftAt  time.Time // zero while present, or when nothing is known
}

// VisitorHere says that a visitor is connected, for ttl.
func (in *Inbox) VisitorHere(ctx context.Context, v VisitorKey, ttl time.Duration) error {
	return errSoon
}

// VisitorGone says that a visitor left.
func (in *Inbox) VisitorGone(ctx context.Context, v VisitorKey) error { return errSoon }

// Visitors says for each key whether the visitor is here.
func (in *Inbox) Visitors(ctx context.Context, keys []VisitorKey) ([]VisitorState, error) {
	return nil, errSoon
}

// ErrLeaseLost is the cause of the context that Hold cancels.
var ErrLeaseLost = errors.New("live: the lease was lost")

// Lease takes or renews a lease. The token grows with every change of holder.
func (in *Inbox) Lease(ctx context.Context, name, holder string, ttl time.Duration) (token int64, ok bool, err error) {
	return 0, false, errSoon
}

// Release gives a lease back.
func (in *Inbox) Release(ctx context.Context, name, holder string) error { return errSoon }

// Hold waits for a lease, then runs while it is held.
func (in *Inbox) Hold(ctx context.Context, name, holder string, ttl time.Duration, run func(ctx context.Context, token int64) error) error {
	return errSoon
}
