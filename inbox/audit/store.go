package audit

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/journal"
)

// stream is everything that the record has of a stream.
type stream struct {
	name     journal.Stream
	counted  bool  // its conversation, customer or list of rules is there
	open     bool  // a conversation that is not closed
	last     int64 // the number that it counts
	events   []event
	messages []inbox.Evidence
	outbox   []row
	unshown  map[int64]bool // numbers that wait to be copied to the live inbox
	heads    []head
}

// event is an event as it is stored.
type event struct {
	journal.Event
	hash string
}

// row is a row of the outbox.
type row struct {
	id       string
	message  inbox.MessageID
	kind     channels.Kind
	account  channels.AccountID
	envelope channels.Outbound
	state    channels.State
	created  time.Time
	unread   bool // the envelope cannot be read
}

// head is where a stream stood when a day was sealed.
type head struct {
	day    string
	stream journal.Stream
	seq    int64
	hash   string
}

// names lists the streams that the query is about: by their events, by what ought to have events, and by what had some when it was
// sealed.
func (x *examination) names(ctx context.Context) ([]journal.Stream, error) {
	return list(ctx, x.tx, scanText[journal.Stream], `SELECT stream FROM event WHERE at >= $1 AND at < $2
		UNION SELECT 'conversation:' || conversation_id FROM message WHERE at >= $1 AND at < $2
		UNION SELECT 'conversation:' || conversation_id FROM outbox WHERE created_at >= $1 AND created_at < $2
		UNION SELECT 'conversation:' || id FROM conversation WHERE updated_at >= $1 AND created_at < $2
		UNION SELECT 'customer:' || id FROM customer WHERE updated_at >= $1 AND created_at < $2 AND last_seq > 0
		UNION SELECT stream FROM seal_head WHERE day >= $3 AND day <= $4`,
		x.q.From.UnixMilli(), x.q.Until.UnixMilli(), sealDay(x.q.From), sealDay(x.q.Until.Add(-1)))
}

// streams examines every stream that the query is about.
func (x *examination) streams(ctx context.Context) error {
	names, err := x.names(ctx)
	if err != nil {
		return err
	}
	slices.Sort(names)
	for some := range slices.Chunk(names, streamsAtOnce) {
		all, err := x.read(ctx, some)
		if err != nil {
			return err
		}
		for _, name := range some {
			x.examine(all[name])
			x.sheet.Events += len(all[name].events)
		}
		x.sheet.Streams += len(some)
		if err := x.shown(ctx, all); err != nil {
			return err
		}
	}
	return nil
}

// read reads some streams with all that belongs to them.
func (x *examination) read(ctx context.Context, names []journal.Stream) (map[journal.Stream]*stream, error) {
	all := make(map[journal.Stream]*stream, len(names))
	var conversations, customers []string
	for _, name := range names {
		all[name] = &stream{name: name, unshown: map[int64]bool{}}
		if id := name.Conversation(); id != "" {
			conversations = append(conversations, id)
		} else if id, ok := strings.CutPrefix(string(name), "customer:"); ok {
			customers = append(customers, id)
		}
	}
	for _, step := range []func() error{
		func() error { return x.readEvents(ctx, all, names) },
		func() error { return x.readHeads(ctx, all, names) },
		func() error {
			return x.readCounts(ctx, all, journal.ConversationStream, `SELECT id, last_seq, state FROM conversation WHERE id IN `, conversations)
		},
		func() error {
			return x.readCounts(ctx, all, journal.CustomerStream, `SELECT id, last_seq, 'closed' FROM customer WHERE id IN `, customers)
		},
		func() error { return x.readMessages(ctx, all, conversations) },
		func() error { return x.readOutbox(ctx, all) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	for _, s := range all { // who publishes rules counts them by the event itself
		if s.name.Conversation() == "" && !strings.HasPrefix(string(s.name), "customer:") {
			s.counted, s.last = true, lastOf(s.events)
		}
	}
	return all, nil
}

func lastOf(events []event) int64 {
	if len(events) == 0 {
		return 0
	}
	return events[len(events)-1].Seq
}

func (x *examination) readEvents(ctx context.Context, all map[journal.Stream]*stream, names []journal.Stream) error {
	marks, args := in(0, names)
	_, err := list(ctx, x.tx, func(rows *sql.Rows) (e event, err error) {
		var at int64
		var data string
		err = rows.Scan(&e.Stream, &e.Seq, &e.ID, &e.Customer, &e.Type, &e.Actor, &at, &data, &e.Content, &e.hash)
		e.At, e.Data = time.UnixMilli(at).UTC(), json.RawMessage(data)
		if s := all[e.Stream]; s != nil {
			s.events = append(s.events, e)
		}
		return event{}, err
	}, `SELECT stream, seq, id, customer_id, type, actor, at, data, content, hash FROM event WHERE stream IN `+marks+`
		ORDER BY stream, seq`, args...)
	if err != nil {
		return fmt.Errorf("read events: %w", err)
	}
	_, err = list(ctx, x.tx, func(rows *sql.Rows) (p journal.Position, err error) {
		err = rows.Scan(&p.Stream, &p.Seq)
		if s := all[p.Stream]; s != nil {
			s.unshown[p.Seq] = true
		}
		return p, err
	}, `SELECT stream, seq FROM relay WHERE stream IN `+marks, args...)
	return err
}

func (x *examination) readHeads(ctx context.Context, all map[journal.Stream]*stream, names []journal.Stream) error {
	marks, args := in(0, names)
	heads, err := list(ctx, x.tx, scanHead, `SELECT day, stream, seq, hash FROM seal_head WHERE stream IN `+marks+` ORDER BY day`, args...)
	for _, h := range heads {
		all[h.stream].heads = append(all[h.stream].heads, h)
	}
	return err
}

func scanHead(rows *sql.Rows) (h head, err error) {
	return h, rows.Scan(&h.day, &h.stream, &h.seq, &h.hash)
}

func (x *examination) readCounts(ctx context.Context, all map[journal.Stream]*stream, name func(string) journal.Stream, query string, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	marks, args := in(0, ids)
	_, err := list(ctx, x.tx, func(rows *sql.Rows) (id string, err error) {
		var last int64
		var state inbox.ConversationState
		if err = rows.Scan(&id, &last, &state); err == nil {
			s := all[name(id)]
			s.counted, s.last, s.open = true, last, state != inbox.Closed
		}
		return id, err
	}, query+marks, args...)
	return err
}

func (x *examination) readMessages(ctx context.Context, all map[journal.Stream]*stream, conversations []string) error {
	if len(conversations) == 0 {
		return nil
	}
	marks, args := in(0, conversations)
	messages, err := list(ctx, x.tx, func(rows *sql.Rows) (inbox.Evidence, error) { return inbox.ScanEvidence(rows.Scan) },
		`SELECT `+inbox.EvidenceColumns+` FROM message m WHERE m.conversation_id IN `+marks+` ORDER BY m.conversation_id, m.seq`, args...)
	if err != nil {
		return fmt.Errorf("read messages: %w", err)
	}
	for _, m := range messages {
		s := all[journal.ConversationStream(string(m.Conversation))]
		s.messages = append(s.messages, m)
	}
	return nil
}

// readOutbox reads the rows of the streams' outgoing messages, found by the messages themselves and by the events that brought them.
func (x *examination) readOutbox(ctx context.Context, all map[journal.Stream]*stream) error {
	owners := map[inbox.MessageID]*stream{}
	var ids []inbox.MessageID
	own := func(s *stream, id inbox.MessageID) {
		if id != "" && owners[id] == nil {
			owners[id] = s
			ids = append(ids, id)
		}
	}
	for _, s := range all {
		for _, m := range s.messages {
			own(s, m.ID)
		}
		for _, e := range s.events {
			var ch inbox.Change
			if e.Type == journal.Replied && json.Unmarshal(e.Data, &ch) == nil && ch.Message != nil {
				own(s, ch.Message.ID)
			}
		}
	}
	for some := range slices.Chunk(ids, 500) {
		marks, args := in(0, some)
		rows, err := list(ctx, x.tx, scanRow, `SELECT id, message_id, kind, account_id, envelope, state, created_at FROM outbox
			WHERE message_id IN `+marks+` ORDER BY created_at, id`, args...)
		if err != nil {
			return fmt.Errorf("read outbox: %w", err)
		}
		for _, r := range rows {
			owners[r.message].outbox = append(owners[r.message].outbox, r)
		}
	}
	return nil
}

func scanRow(rows *sql.Rows) (r row, err error) {
	var envelope string
	var created int64
	if err = rows.Scan(&r.id, &r.message, &r.kind, &r.account, &envelope, &r.state, &created); err != nil {
		return r, err
	}
	r.created = time.UnixMilli(created).UTC()
	r.unread = json.Unmarshal([]byte(envelope), &r.envelope) != nil
	return r, nil
}
