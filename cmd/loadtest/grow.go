package main

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"sportello/inbox/db"
)

// grown measures every kind of message once more on a record that is as large as that of a house after some years. It is freshly loaded and the
// database has not looked at it (ANALYZE), as in the minute after a backup was restored.
func (c *upCmd) grown(ctx context.Context, r *rig, empty *bench) error {
	var customers, messages, open int
	if err := numbers(c.Grow, &customers, &messages, &open); err != nil {
		return err
	}
	b := *empty
	b.prefix, b.pids = "grown: ", maps.Clone(empty.pids)
	s, err := r.gateway(ctx, "grown", grownMailbox)
	if err != nil {
		return err
	}
	if err := b.load(ctx, s.record, customers, messages, open); err != nil {
		return err
	}
	cache, err := dialRedis(ctx, r.redis)
	if err != nil {
		return err
	}
	if _, err := cache.do("FLUSHALL"); err != nil {
		return err
	}
	if err := cache.conn.Close(); err != nil {
		return err
	}
	if err := r.launch(ctx, s, &b); err != nil {
		return err
	}
	if err := b.signIn(ctx); err != nil {
		return err
	}
	first := len(b.report.Rows)
	if err := c.messages(ctx, r, &b, grownMailbox); err != nil {
		return err
	}
	b.report.compare(first, b.prefix)
	return s.Stop()
}

// compare sets the rows from first on, whose names begin with prefix, beside those of the empty system.
func (r *report) compare(first int, prefix string) {
	for i, grown := range r.Rows[first:] {
		for _, empty := range r.Rows[:first] {
			if prefix+empty.Name != grown.Name {
				continue
			}
			times, what := empty.PerSecond/grown.PerSecond, "× slower than empty"
			if strings.Contains(grown.Name, "50 msg/s") {
				times, what = grown.Latency.P50/empty.Latency.P50, "× p50 of empty"
			}
			r.Rows[first+i].Bars = append(r.Rows[first+i].Bars, atMost(what, times, 1.3))
		}
	}
}

// perConversation is how many messages a conversation has in the grown record.
const perConversation = 5

// load fills a migrated, empty record (PostgreSQL). $1 are customers, $2 conversations, of which the last $3 are open. Ids are UUIDv7 of
// the past, so they lie before all that come.
func (b *bench) load(ctx context.Context, record string, customers, messages, open int) error {
	d, err := db.Open(ctx, record)
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // every statement is committed when it returns
	for _, table := range []string{"customer", "identity", "conversation", "message", "mail_ref", "event"} {
		// Otherwise chance would have it whether the database has looked at a table by itself before the measurement begins.
		if _, err := d.ExecContext(ctx, `ALTER TABLE `+table+` SET (autovacuum_enabled = false)`); err != nil {
			return fmt.Errorf("load %s: %w", table, err)
		}
	}
	for _, step := range grownTables {
		b.say(b.prefix + "load " + step.table)
		if _, err := d.ExecContext(ctx, grownSQL.Replace(step.sql), customers, messages/perConversation, open); err != nil {
			return fmt.Errorf("load %s: %w", step.table, err)
		}
	}
	return nil
}

// grownSQL puts in what the statements share: ids, times, and the numbers, which every statement must name to have their type known.
var grownSQL = strings.NewReplacer(
	"{customer}", "'01900000-0000-7001-8000-' || lpad(to_hex(c), 12, '0')",
	"{conversation}", "'01900000-0000-7002-8000-' || lpad(to_hex(v), 12, '0')",
	"{message}", "'01900000-0000-7003-8000-' || lpad(to_hex(v * 8 + m), 12, '0')",
	"{event}", "'01900000-0000-7004-8000-' || lpad(to_hex(v * 8 + m), 12, '0')",
	"{time}", "1735689600000 + v * 10000",
	"{kind}", "CASE WHEN v % 10 < 6 THEN 'chat' WHEN v % 10 < 8 THEN 'email' ELSE 'sms' END",
	"{account}", "CASE WHEN v % 10 < 6 THEN '"+chatAccount+"' WHEN v % 10 < 8 THEN '"+mailAccount+"' ELSE '"+smsAccount+"' END",
	"{from}", "CASE WHEN v % 10 < 6 THEN 'grown-' || c WHEN v % 10 < 8 THEN 'cliente' || c || '@clienti.test' ELSE '+39347' || lpad(c::text, 7, '0') END",
	"{all}", "(SELECT $1::bigint AS customers, $2::bigint AS conversations, $3::bigint AS open) n",
	"{body}", "'Buongiorno, vorrei sapere quando arriva il mio ordine numero ' || v || '. Grazie mille e buona giornata!'",
)

var grownTables = []struct{ table, sql string }{
	{"customers", `INSERT INTO customer (id, name, locale, search, created_at, updated_at)
		SELECT {customer}, 'Cliente ' || c, 'it', 'cliente ' || c, 1735689600000, 1735689600000
		FROM {all}, generate_series(0, n.customers - 1) c`},
	{"identities", `INSERT INTO identity (id, customer_id, kind, value, proof, owner, last_in_at, last_account, created_at)
		SELECT replace({customer}, '-7001-', i.part), {customer}, i.kind, i.value, 3, 1, 1735689600000, i.account, 1735689600000
		FROM {all}, generate_series(0, n.customers - 1) c, LATERAL (VALUES ('-7001-', 'chat', 'grown-' || c, '` + chatAccount + `'),
			('-7005-', 'email', 'cliente' || c || '@clienti.test', '` + mailAccount + `'),
			('-7006-', 'sms', '+39347' || lpad(c::text, 7, '0'), '` + smsAccount + `')) i (part, kind, value, account)`},
	{"conversations", `INSERT INTO conversation (id, number, customer_id, kind, account_id, state, queue, last_seq, last_kind, last_from, last_in_at,
			last_message_seq, preview, queued_at, waiting_since, created_at, updated_at, closed_at)
		SELECT {conversation}, 1001 + v, {customer}, {kind}, {account}, CASE WHEN waits THEN 'waiting' ELSE 'closed' END, 'assistenza', 6, {kind}, {from},
			{time}, 6, 'Buongiorno', {time}, CASE WHEN waits THEN {time} END, {time}, {time}, CASE WHEN waits THEN NULL ELSE {time} END
		FROM {all}, generate_series(0, n.conversations - 1) v, LATERAL (SELECT v % n.customers AS c, v >= n.conversations - n.open AS waits) w`},
	{"messages", `INSERT INTO message (id, conversation_id, customer_id, seq, direction, kind, account_id, external_id, author_kind, author_id,
			peer, body, proof, at)
		SELECT {message}, {conversation}, {customer}, m + 1, 'in', {kind}, {account}, 'grown-' || v || '-' || m, 'customer', {customer},
			{from}, {body}, 3, {time} + m
		FROM {all}, generate_series(0, n.conversations - 1) v, generate_series(1, 5) m, LATERAL (SELECT v % n.customers AS c) w`},
	{"references of mails", `INSERT INTO mail_ref (ref, conversation_id, message_id, ours)
		SELECT 'grown-' || v || '-' || m || '@clienti.test', {conversation}, {message}, 0
		FROM {all}, generate_series(0, n.conversations - 1) v, generate_series(1, 5) m WHERE {kind} = 'email' AND n.customers + n.open >= 0`},
	{"events", `INSERT INTO event (stream, seq, id, customer_id, type, actor, at, data)
		SELECT 'conversation:' || {conversation}, m + 1, {event}, {customer},
			CASE WHEN m = 0 THEN 'conversation.opened' ELSE 'message.received' END, 'customer:' || {customer}, {time} + m,
			'{"conversation":{"id":"' || {conversation} || '","preview":"' || {body} || '"},"message":{"id":"' || {message} || '","text":"' || {body} || '"}}'
		FROM {all}, generate_series(0, n.conversations - 1) v, generate_series(0, 5) m, LATERAL (SELECT v % n.customers AS c) w`},
	{"counters", `UPDATE counter SET value = value + n.conversations FROM {all} WHERE name = 'conversation' AND n.customers + n.open >= 0`},
}
