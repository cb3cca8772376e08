package staging

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"sportello/channels"
	"sportello/channels/channeltest"
	"sportello/channels/pause"
	"sportello/cmd/staging/process"
	"sportello/inbox"
	"sportello/inbox/db"
	"sportello/router/roster"
)

// Options say how large a world is.
type Options struct {
	Binary   string // the gateway's program
	Dir      string // an empty folder for all data and logs
	Gateways int
	Alone    bool // one gateway with SQLite and its own Redis, and no server beside it
	Redis    Shape
	Visitors int
	Phones   int
	Writers  int // of mails
	Agents   int
	Room     int // conversations of each channel that an agent can have; 0 is 4
	Answers  int // agents answer one message of so many; 0 is 2
}

// World is a staging copy with everything around it.
type World struct {
	Postgres *Postgres // nil for a gateway alone
	Redis    *Redis    // nil for a gateway alone
	Gateways []*Gateway
	Public   *Proxy // what the outside connects to
	IMAP     *Proxy
	SMTP     *Proxy
	Provider *channeltest.Twilio
	Mail     *channeltest.MailServer

	opt    Options
	book   *book
	url    string // of the record
	record *db.DB
	ends   []func() error

	visitors []*visitor
	phones   []*phone
	writers  []*writer
	agents   []*agent
}

// New starts everything. Close ends it, also after an error.
func New(ctx context.Context, o Options) (*World, error) {
	o.Room, o.Answers = cmp.Or(o.Room, 4), cmp.Or(o.Answers, 2)
	w := &World{opt: o, book: newBook()}
	for _, step := range []func(context.Context) error{w.stores, w.outside, w.team, w.nodes, w.people} {
		if err := step(ctx); err != nil {
			return w, err
		}
	}
	return w, nil
}

// Close ends everything in reverse order.
func (w *World) Close() error {
	var errs []error
	for _, end := range slices.Backward(w.ends) {
		errs = append(errs, end())
	}
	return errors.Join(errs...)
}

func (w *World) path(name string) string { return filepath.Join(w.opt.Dir, name) }

func (w *World) stores(ctx context.Context) (err error) {
	if err = os.Chmod(w.opt.Dir, 0o755); err != nil { // PostgreSQL enters it as another user
		return err
	}
	if w.opt.Alone {
		w.url = "sqlite:" + w.path("record.db")
		return nil
	}
	w.Postgres, err = NewPostgres(ctx, w.path("postgres"), forgetful...)
	if w.Postgres != nil {
		w.ends = append(w.ends, func() error { w.Postgres.Kill(); return nil })
	}
	if err != nil {
		return err
	}
	if err := w.Postgres.SetClock(ctx, 0); err != nil { // before anybody is connected
		return err
	}
	w.url = w.Postgres.URL()
	w.Redis, err = NewRedis(ctx, w.path("redis"), w.opt.Redis)
	w.ends = append(w.ends, func() error { w.Redis.Close(); return nil })
	return err
}

// outside starts the providers and the proxies before them.
func (w *World) outside(context.Context) (err error) {
	var listens []string
	for i := range w.opt.Gateways {
		g := &Gateway{Name: fmt.Sprintf("gateway%d", i+1), binary: w.opt.Binary}
		if g.listen, err = process.FreeAddress(); err != nil {
			return err
		}
		if g.metrics, err = process.FreeAddress(); err != nil {
			return err
		}
		w.Gateways, listens = append(w.Gateways, g), append(listens, g.listen)
	}
	if w.Mail, err = channeltest.NewMailServer(channeltest.MailOptions{}); err != nil {
		return err
	}
	if err = w.Mail.AddMailbox(mailbox, password); err != nil {
		return err
	}
	w.background(w.Mail.Run)
	for proxy, backends := range map[**Proxy][]string{
		&w.Public: listens, &w.IMAP: {fmt.Sprintf("127.0.0.1:%d", w.Mail.IMAPPort())}, &w.SMTP: {fmt.Sprintf("127.0.0.1:%d", w.Mail.SMTPPort())},
	} {
		p, err := NewProxy(backends...)
		if err != nil {
			return err
		}
		*proxy = p
		w.ends = append(w.ends, func() error { p.Close(); return nil })
	}
	w.Provider = newProvider(w.base())
	w.background(w.Provider.Run)
	return nil
}

// background runs something until the world is closed.
func (w *World) background(run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	w.ends = append(w.ends, func() error {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			return err
		}
		return nil
	})
}

func (w *World) base() string { return "http://" + w.Public.Address() }

// team writes the agents into the record before any gateway runs.
func (w *World) team(ctx context.Context) (err error) {
	if w.record, err = db.Open(ctx, w.url); err != nil {
		return err
	}
	w.ends = append(w.ends, w.record.Close)
	if _, err := w.record.Migrate(ctx); err != nil {
		return err
	}
	staff := roster.New(w.record, time.Now)
	queue, err := staff.AddQueue(ctx, roster.Queue{ID: "assistenza", Name: "Assistenza"})
	if err != nil {
		return err
	}
	for i := range w.opt.Agents {
		_, err := staff.Add(ctx, roster.Agent{
			ID: inbox.AgentID(fmt.Sprintf("agent%d", i)), Email: agentEmail(i), Name: fmt.Sprintf("Agent %d", i), PublicName: "Agent",
			Role: "agent", Locale: "it", Queues: []inbox.QueueID{queue.ID},
			Capacity: map[channels.Kind]int{channels.Chat: w.opt.Room, channels.SMS: w.opt.Room, channels.Email: w.opt.Room},
		}, password)
		if err != nil {
			return err
		}
	}
	return nil
}

func agentEmail(i int) string { return fmt.Sprintf("agent%d@sportello.test", i) }

// nodes starts the gateways.
func (w *World) nodes(ctx context.Context) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	api := &http.Server{Handler: w.Provider, ReadHeaderTimeout: 10 * time.Second}
	go api.Serve(l) //nolint:errcheck // it ends by Close
	w.ends = append(w.ends, api.Close)
	redis, master := []string{"embedded"}, ""
	if !w.opt.Alone {
		redis = w.Redis.Addresses()
	}
	if w.opt.Redis == Watched {
		master = masterName
	}
	for i, g := range w.Gateways {
		w.Gateways[i], err = newGateway(w.opt.Dir, g.Name, g.binary, gatewaySettings{
			Listen: g.listen, Metrics: g.metrics, Public: w.base(), Record: w.url, Blobs: w.path("blobs"),
			Redis: `"` + strings.Join(redis, `", "`) + `"`, Master: master, Provider: "http://" + l.Addr().String(),
			IMAP: process.Port(w.IMAP.Address()), SMTP: process.Port(w.SMTP.Address()),
		})
		if err != nil {
			return err
		}
		g = w.Gateways[i]
		w.ends = append(w.ends, func() error { g.Kill(); return nil })
		if err := g.Start(ctx); err != nil {
			return err
		}
	}
	return nil
}

// people makes customers and agents and signs the agents in.
func (w *World) people(ctx context.Context) error {
	for i := range w.opt.Visitors {
		w.visitors = append(w.visitors, &visitor{base: w.base(), name: fmt.Sprintf("Visitor %d", i), book: w.book, lines: map[string]string{}})
	}
	for i := range w.opt.Phones {
		w.phones = append(w.phones, &phone{number: fmt.Sprintf("+3934700000%02d", i), provider: w.Provider, book: w.book})
	}
	for i := range w.opt.Writers {
		w.writers = append(w.writers, &writer{address: fmt.Sprintf("writer%d@clienti.test", i), server: w.Mail, book: w.book})
	}
	for i := range w.opt.Agents {
		a, err := newAgent(w.base(), agentEmail(i), w.opt.Answers, w.book)
		if err != nil {
			return err
		}
		if err := a.signIn(ctx); err != nil {
			return err
		}
		w.agents = append(w.agents, a)
	}
	return nil
}

// Pace is how often a customer writes on each channel.
type Pace struct{ Chat, SMS, Mail time.Duration }

// Drive lets everybody work while during runs. Then customers fall silent, what they have said is taken in, and the balance is asked
// for until it is even or patience ends.
func (w *World) Drive(ctx context.Context, pace Pace, patience time.Duration, during func(context.Context) error) (*Balance, error) {
	here, leave := context.WithCancel(ctx)
	var people, talks sync.WaitGroup
	defer people.Wait()
	defer leave()
	talking, hush := context.WithCancel(here)
	defer hush()
	for _, a := range w.agents {
		people.Go(func() { a.run(here) })
	}
	for _, v := range w.visitors {
		people.Go(func() { v.run(here) })
		talks.Go(func() { v.talk(talking, pace.Chat) })
	}
	for _, p := range w.phones {
		talks.Go(func() { p.talk(talking, here, pace.SMS) })
	}
	for _, m := range w.writers {
		talks.Go(func() { m.talk(talking, pace.Mail) })
	}
	err := during(here)
	hush()
	if err != nil {
		return nil, err
	}
	return w.settle(here, patience)
}

// settle waits until the balance is even. There is no use in waiting after a promise was seen broken.
func (w *World) settle(ctx context.Context, patience time.Duration) (*Balance, error) {
	begin := time.Now()
	for {
		b, err := w.balance(ctx)
		if err == nil {
			b.Rest = time.Since(begin)
		}
		if err == nil && (b.OK() || b.broken) || time.Since(begin) > patience {
			return b, err
		}
		if !pause.For(ctx, 500*time.Millisecond) {
			return b, ctx.Err()
		}
	}
}

// Taken counts what customers have said and the gateways have confirmed so far.
func (w *World) Taken() int {
	w.book.mu.Lock()
	defer w.book.mu.Unlock()
	return w.book.confirmed
}

// Back is how long it took, each time so far, from when a visitor saw his chat break until he had it again.
func (w *World) Back() []time.Duration {
	w.book.mu.Lock()
	defer w.book.mu.Unlock()
	return slices.Clone(w.book.back)
}

// Logs are the ends of the gateways' logs.
func (w *World) Logs() string {
	var b strings.Builder
	for _, g := range w.Gateways {
		fmt.Fprintf(&b, "--- %s\n%s\n", g.Name, process.Tail(g.Log(), 40))
	}
	return b.String()
}
