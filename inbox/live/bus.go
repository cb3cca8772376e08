package live

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"sportello/inbox/gate"
)

// Publish sends a payload to whoever subscribes to the topic at this moment, on any node. Nothing is kept. Payloads that are published at
// the same time share a round trip; those of one caller keep their order.
func (in *Inbox) Publish(ctx context.Context, topic string, payload []byte) error {
	if _, err := in.posts.Pass(ctx, post{in.key("bus:" + topic), payload}, in.publish); err != nil {
		return fmt.Errorf("live publish: %w", err)
	}
	return nil
}

// patience is how long a batch of payloads may take. It is ours: no caller's context ends it for the others.
const patience = 10 * time.Second

// post is a payload on its way to a topic.
type post struct {
	channel string
	payload []byte
}

// publish sends a batch of payloads.
func (in *Inbox) publish(batch []*gate.Ticket[post, struct{}], _ func()) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	pipe := in.rdb.Pipeline()
	sent := make([]*redis.IntCmd, len(batch))
	for i, t := range batch {
		sent[i] = pipe.Publish(ctx, t.In.channel, t.In.payload)
	}
	pipe.Exec(ctx) //nolint:errcheck // each payload has an error of its own
	for i, t := range batch {
		t.Err = sent[i].Err()
	}
}

// Subscribe calls deliver for each payload of a topic that is published after it returns, in order, until cancel is called. One
// connection carries all topics and is made again when it breaks; what is published in between is lost. deliver is called by one
// goroutine for all topics: it must not block and must not keep the slice. It may be called once more while cancel returns.
func (in *Inbox) Subscribe(ctx context.Context, topic string, deliver func(payload []byte)) (cancel func(), err error) {
	return in.bus.subscribe(ctx, in.key("bus:"+topic), deliver)
}

// bus shares one connection of Redis' publish and subscribe among all topics. Its goroutine starts with the first subscription.
type bus struct {
	client redis.UniversalClient
	log    *slog.Logger
	mu     sync.Mutex
	conn   *redis.PubSub // nil before the first subscription
	topics map[string]*topic
	closed bool
	reader sync.WaitGroup
}

type topic struct {
	subs  map[*func([]byte)]struct{}
	ready chan struct{} // closed when the server has confirmed
	live  bool
}

var errBusClosed = errors.New("live: the inbox is closed")

func (b *bus) init(client redis.UniversalClient, log *slog.Logger) {
	b.client, b.log, b.topics = client, log, map[string]*topic{}
}

func (b *bus) subscribe(ctx context.Context, name string, deliver func([]byte)) (func(), error) {
	sub := &deliver
	t, err := b.add(ctx, name, sub)
	if err != nil {
		return nil, err
	}
	var done sync.Once
	cancel := func() { done.Do(func() { b.remove(name, t, sub) }) }
	select {
	case <-t.ready:
		return cancel, nil
	case <-ctx.Done():
		cancel()
		return nil, fmt.Errorf("live subscribe: %w", ctx.Err())
	}
}

func (b *bus) add(ctx context.Context, name string, sub *func([]byte)) (*topic, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, errBusClosed
	}
	if b.conn == nil {
		b.conn = b.client.Subscribe(context.WithoutCancel(ctx))
		messages := b.conn.ChannelWithSubscriptions(redis.WithChannelSize(1024))
		b.reader.Go(func() { b.read(messages) })
	}
	t := b.topics[name]
	if t == nil {
		if err := b.conn.Subscribe(ctx, name); err != nil {
			b.conn.Unsubscribe(context.WithoutCancel(ctx), name) //nolint:errcheck // it must only be forgotten
			return nil, fmt.Errorf("live subscribe: %w", err)
		}
		t = &topic{subs: map[*func([]byte)]struct{}{}, ready: make(chan struct{})}
		b.topics[name] = t
	}
	t.subs[sub] = struct{}{}
	return t, nil
}

func (b *bus) remove(name string, t *topic, sub *func([]byte)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(t.subs, sub)
	if len(t.subs) > 0 || b.topics[name] != t {
		return
	}
	delete(b.topics, name)
	if b.closed {
		return
	}
	if err := b.conn.Unsubscribe(context.Background(), name); err != nil {
		b.log.Debug("a topic could not be left; the connection is made again", "err", err)
	}
}

// read delivers until the connection is closed.
func (b *bus) read(messages <-chan any) {
	for m := range messages {
		switch m := m.(type) {
		case *redis.Subscription:
			if m.Kind == "subscribe" {
				b.confirm(m.Channel)
			}
		case *redis.Message:
			payload := []byte(m.Payload)
			for _, deliver := range b.subscribers(m.Channel) {
				(*deliver)(payload)
			}
		}
	}
}

func (b *bus) confirm(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if t := b.topics[name]; t != nil && !t.live {
		t.live = true
		close(t.ready)
	}
}

func (b *bus) subscribers(name string) []*func([]byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.topics[name]
	if t == nil {
		return nil
	}
	subs := make([]*func([]byte), 0, len(t.subs))
	for s := range t.subs {
		subs = append(subs, s)
	}
	return subs
}

// close ends the connection and waits for the reader.
func (b *bus) close() {
	b.mu.Lock()
	b.closed = true
	if b.conn != nil {
		b.conn.Close() //nolint:errcheck // nothing is left to be told
	}
	b.mu.Unlock()
	b.reader.Wait()
}
