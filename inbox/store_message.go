package inbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sportello/channels"
	"sportello/inbox/customer"
	"sportello/inbox/db"
)

// stored is a message with what only the record knows of it.
type stored struct {
	Message
	external string // in: the provider's id
	peer     string // the address of the other side
}

const messageColumns = `m.id, m.conversation_id, m.customer_id, m.seq, m.direction, m.kind, m.asked_kind, m.account_id,
	COALESCE(m.external_id, ''), COALESCE(m.client_id, ''), m.author_kind, m.author_id, m.author_name, m.peer, m.sender, m.recipients,
	m.copies, m.subject, m.body, m.html, m.parts, m.raw, m.proof, m.auto, m.flaw, m.details, m.state, m.fault, m.sent_at, m.at`

func scanMessage(row scanner) (stored, error) {
	var m stored
	var sender, recipients, copies, parts, details, fault string
	var sent, at sql.NullInt64
	err := row.Scan(&m.ID, &m.Conversation, &m.Customer, &m.Seq, &m.Direction, &m.Kind, &m.AskedKind, &m.Account, &m.external,
		&m.ClientID, &m.Author.Kind, &m.Author.ID, &m.Author.Name, &m.peer, &sender, &recipients, &copies, &m.Subject, &m.Text, &m.HTML,
		&parts, &m.Raw, &m.Proof, &m.Auto, &m.Flaw, &details, &m.State, &fault, &sent, &at)
	if err != nil {
		return stored{}, err
	}
	m.SentAt, m.At = db.Time(sent), db.Time(at)
	err = errors.Join(json.Unmarshal([]byte(sender), &m.From), json.Unmarshal([]byte(recipients), &m.To),
		json.Unmarshal([]byte(copies), &m.Cc), json.Unmarshal([]byte(parts), &m.Parts))
	if details != "" {
		err = errors.Join(err, json.Unmarshal([]byte(details), &m.Details))
	}
	if fault != "" {
		m.Fault = &channels.Fault{}
		err = errors.Join(err, json.Unmarshal([]byte(fault), m.Fault))
	}
	m.aboutHTML()
	return m, err
}

func readMessage(ctx context.Context, q db.Querier, where string, args ...any) (stored, error) {
	m, err := scanMessage(q.QueryRowContext(ctx, `SELECT `+messageColumns+` FROM message m `+where, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return stored{}, ErrNotFound
	}
	if err != nil {
		return stored{}, fmt.Errorf("read message: %w", err)
	}
	return m, nil
}

// storedJSON is a message with its lists as JSON.
type storedJSON struct {
	stored
	sender, recipients, copies, parts, details, fault string
}

func toStored(m stored) (s storedJSON, err error) {
	s.stored = m
	sender, err1 := json.Marshal(m.From)
	s.sender = string(sender)
	var err2, err3, err4, err5, err6 error
	s.recipients, err2 = toJSON(m.To)
	s.copies, err3 = toJSON(m.Cc)
	s.parts, err4 = toJSON(m.Parts)
	s.details, err5 = detailsJSON(m.Details)
	s.fault, err6 = faultJSON(m.Fault)
	return s, errors.Join(err1, err2, err3, err4, err5, err6)
}

func insertMessages(d *db.DB, all []stored) (db.Statement, error) {
	if len(all) == 0 {
		return db.Statement{}, nil
	}
	rows := make([]storedJSON, len(all))
	for i, m := range all {
		var err error
		if rows[i], err = toStored(m); err != nil {
			return db.Statement{}, err
		}
	}
	type row = storedJSON
	with, args := d.With("w",
		db.Texts("id", rows, func(m row) MessageID { return m.ID }),
		db.Texts("conversation_id", rows, func(m row) ConversationID { return m.Conversation }),
		db.Texts("customer_id", rows, func(m row) customer.ID { return m.Customer }),
		db.Ints("seq", rows, func(m row) int64 { return m.Seq }),
		db.Texts("direction", rows, func(m row) Direction { return m.Direction }),
		db.Texts("kind", rows, func(m row) channels.Kind { return m.Kind }),
		db.Texts("asked_kind", rows, func(m row) channels.Kind { return m.AskedKind }),
		db.Texts("account_id", rows, func(m row) channels.AccountID { return m.Account }),
		db.Texts("external_id", rows, func(m row) string { return m.external }),
		db.Texts("client_id", rows, func(m row) string { return m.ClientID }),
		db.Texts("author_kind", rows, func(m row) string { return m.Author.Kind }),
		db.Texts("author_id", rows, func(m row) string { return m.Author.ID }),
		db.Texts("author_name", rows, func(m row) string { return m.Author.Name }),
		db.Texts("peer", rows, func(m row) string { return m.peer }),
		db.Texts("sender", rows, func(m row) string { return m.sender }),
		db.Texts("recipients", rows, func(m row) string { return m.recipients }),
		db.Texts("copies", rows, func(m row) string { return m.copies }),
		db.Texts("subject", rows, func(m row) string { return m.Subject }),
		db.Texts("body", rows, func(m row) string { return m.Text }),
		db.Texts("html", rows, func(m row) string { return m.HTML }),
		db.Texts("parts", rows, func(m row) string { return m.parts }),
		db.Texts("raw", rows, func(m row) channels.BlobID { return m.Raw }),
		db.Ints("proof", rows, func(m row) channels.Proof { return m.Proof }),
		db.Texts("auto", rows, func(m row) channels.Auto { return m.Auto }),
		db.Texts("flaw", rows, func(m row) string { return m.Flaw }),
		db.Texts("details", rows, func(m row) string { return m.details }),
		db.Texts("state", rows, func(m row) channels.State { return m.State }),
		db.Texts("fault", rows, func(m row) string { return m.fault }),
		db.Times("sent_at", rows, func(m row) time.Time { return m.SentAt }),
		db.Times("at", rows, func(m row) time.Time { return m.At }))
	return db.Do(`WITH `+with+`
		INSERT INTO message (id, conversation_id, customer_id, seq, direction, kind, asked_kind, account_id, external_id, client_id,
			author_kind, author_id, author_name, peer, sender, recipients, copies, subject, body, html, parts, raw, proof, auto, flaw,
			details, state, fault, sent_at, at)
		SELECT id, conversation_id, customer_id, seq, direction, kind, asked_kind, account_id, NULLIF(external_id, ''),
			NULLIF(client_id, ''), author_kind, author_id, author_name, peer, sender, recipients, copies, subject, body, html, parts, raw,
			proof, auto, flaw, details, state, fault, sent_at, at FROM w`, args...), nil
}

// setDelivery writes the state of an outgoing message. A nil fault clears it.
func setDelivery(ctx context.Context, tx *sql.Tx, id MessageID, state channels.State, f *channels.Fault) error {
	fault, err := faultJSON(f)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE message SET state = $2, fault = $3 WHERE id = $1`, string(id), string(state), fault)
	return err
}

// detailsJSON is "" when there are none.
func detailsJSON(d channels.Details) (string, error) {
	raw, err := json.Marshal(d)
	if err != nil || string(raw) == "{}" {
		return "", err
	}
	return string(raw), nil
}

func faultJSON(f *channels.Fault) (string, error) {
	if f == nil {
		return "", nil
	}
	raw, err := json.Marshal(f)
	return string(raw), err
}

// ref is a Message-ID seen in a conversation.
type ref struct {
	id           string
	conversation ConversationID
	message      MessageID
	ours         bool
}

func insertRefs(d *db.DB, refs []ref) db.Statement {
	if len(refs) == 0 {
		return db.Statement{}
	}
	with, args := d.With("w",
		db.Texts("ref", refs, func(r ref) string { return r.id }),
		db.Texts("conversation_id", refs, func(r ref) ConversationID { return r.conversation }),
		db.Texts("message_id", refs, func(r ref) MessageID { return r.message }),
		db.Ints("ours", refs, func(r ref) int { return b2i(r.ours) }))
	return db.Do(`WITH `+with+`
		INSERT INTO mail_ref (ref, conversation_id, message_id, ours) SELECT ref, conversation_id, message_id, ours FROM w WHERE true
		ON CONFLICT (ref, message_id) DO NOTHING`, args...)
}
