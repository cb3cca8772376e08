package live

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"sportello/inbox/gate"
)

// Options says how to reach Redis and how the inbox behaves. The zero value of every field but Addrs is usable.
type Options struct {
	Addrs      []string // host:port; several without MasterName are nodes of a cluster
	Username   string
	Password   string
	MasterName string           // Sentinel's name of the master; Addrs are then the sentinels
	Sentinel   Login            // for the sentinels themselves
	TLS        bool             // at least 1.2, certificates are checked
	Prefix     string           // the hash tag of all keys; default "sportello"
	Now        func() time.Time // default time.Now. Offers and leases end by it: it must be the same on all nodes
	Log        *slog.Logger     // default: discards
	FeedLength int64            // entries kept, about; an entry is some 2 kB. Default 50 000
	Cooldown   time.Duration    // how long who declined or missed a conversation is not offered it again; default 10 min
	MissLimit  int              // consecutive expired offers that set an agent away (O4); default 2
}

// Login is a name and a password of Redis' access list.
type Login struct{ Username, Password string }

// Inbox is the live inbox. It is safe for concurrent use. Calls fail with ErrNoEpoch while it is empty, and with the errors of the
// client while Redis cannot be reached; they may be repeated either way.
type Inbox struct {
	o     Options
	rdb   redis.UniversalClient
	tail  redis.UniversalClient // for reads that block
	bus   bus
	posts *gate.Gate[post, struct{}]
	seen  *gate.Lookup[VisitorKey, VisitorState]
	cache cache
	empty chan struct{} // a call found no epoch
}

// Open connects and checks that the server is Redis 7 or later, or miniredis. It starts no goroutine. The inbox may be empty still:
// a Guard fills it.
func Open(ctx context.Context, o Options) (*Inbox, error) {
	o = o.withDefaults()
	in := &Inbox{o: o, rdb: connect(o, 0), tail: connect(o, 64), empty: make(chan struct{}, 1)}
	in.bus.init(in.tail, o.Log)
	in.posts, in.seen = gate.New[post, struct{}](), gate.NewLookup(in.Visitors().find)
	if err := in.checkServer(ctx); err != nil {
		in.Close() //nolint:errcheck // the first error is the one to tell
		return nil, err
	}
	return in, nil
}

func (o Options) withDefaults() Options {
	if o.Prefix == "" {
		o.Prefix = "sportello"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if o.FeedLength <= 0 {
		o.FeedLength = 50_000
	}
	if o.Cooldown <= 0 {
		o.Cooldown = 10 * time.Minute
	}
	if o.MissLimit <= 0 {
		o.MissLimit = 2
	}
	return o
}

func connect(o Options, pool int) redis.UniversalClient {
	u := &redis.UniversalOptions{
		Addrs: o.Addrs, Username: o.Username, Password: o.Password, MasterName: o.MasterName,
		SentinelUsername: o.Sentinel.Username, SentinelPassword: o.Sentinel.Password,
		ContextTimeoutEnabled:    true,
		DisableIdentity:          true,
		PoolSize:                 pool,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
	if o.TLS {
		u.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return redis.NewUniversalClient(u)
}

// Close ends the bus and the connections. Calls that are under way fail.
func (in *Inbox) Close() error {
	in.bus.close()
	err := in.tail.Close()
	if e := in.rdb.Close(); err == nil {
		err = e
	}
	return err
}

// Ping reports whether Redis answers.
func (in *Inbox) Ping(ctx context.Context) error { return in.rdb.Ping(ctx).Err() }

// key names a key outside the epochs.
func (in *Inbox) key(name string) string { return "{" + in.o.Prefix + "}:" + name }

func (in *Inbox) now() time.Time { return in.o.Now() }

// checkServer refuses servers older than 7 and warns of those that may evict keys.
func (in *Inbox) checkServer(ctx context.Context) error {
	if err := in.Ping(ctx); err != nil {
		return fmt.Errorf("open the live inbox: %w", err)
	}
	server := in.info(ctx, "server")
	if v := server["redis_version"]; v != "" {
		major, _, _ := strings.Cut(v, ".")
		if n, err := strconv.Atoi(major); err != nil || n < 7 {
			return fmt.Errorf("open the live inbox: Redis %s is too old, 7.0 is needed", v)
		}
	}
	if p := in.info(ctx, "memory")["maxmemory_policy"]; p != "" && p != "noeviction" {
		in.o.Log.Warn("Redis may evict keys of the live inbox; set maxmemory-policy noeviction", "policy", p)
	}
	return nil
}

// info reads a section of INFO from the node that has our keys. It is empty where the server has none (miniredis).
func (in *Inbox) info(ctx context.Context, section string) map[string]string {
	var c redis.Cmdable = in.rdb
	if cluster, ok := in.rdb.(*redis.ClusterClient); ok {
		node, err := cluster.MasterForKey(ctx, in.key("epoch"))
		if err != nil {
			return nil
		}
		c = node
	}
	text, err := c.Info(ctx, section).Result()
	if err != nil {
		return nil
	}
	fields := map[string]string{}
	for line := range strings.SplitSeq(text, "\n") {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			fields[k] = v
		}
	}
	return fields
}

// LogClient gives the client library, which has one logger for the whole process, a place to write to: debug, because its lines
// hold addresses and what matters of them is in the errors of calls. The program calls it once, before Open.
func LogClient(log *slog.Logger) { redis.SetLogger(clientLog{log}) }

type clientLog struct{ log *slog.Logger }

// Printf is the library's way to log.
func (l clientLog) Printf(ctx context.Context, format string, v ...any) {
	l.log.DebugContext(ctx, "redis client", "text", fmt.Sprintf(format, v...))
}

// reportEmpty wakes the guard.
func (in *Inbox) reportEmpty() {
	select {
	case in.empty <- struct{}{}:
	default:
	}
}

// newID is a UUIDv7 in text.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// once keeps a repeated failure from filling the log: it reports whether the failure is a new one.
type once struct {
	mu   sync.Mutex
	last string
}

func (o *once) isNew(err error) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	text := ""
	if err != nil {
		text = err.Error()
	}
	fresh := text != o.last && text != ""
	o.last = text
	return fresh
}
