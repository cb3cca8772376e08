package inbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"sportello/channels"
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
	m.copies, m.subject, m.body, m.html, m.parts, m.raw, m.proof, m.auto, m.flaw, m.state, m.fault, m.sent_at, m.at`

func scanMessage(row scanner) (stored, error) {
	var m stored
	var sender, recipients, copies, parts, fault string
	var sent, at sql.NullInt64
	err := row.Scan(&m.ID, &m.Conversation, &m.Customer, &m.Seq, &m.Direction, &m.Kind, &m.AskedKind, &m.Account, &m.external,
		&m.ClientID, &m.Author.Kind, &m.Author.ID, &m.Author.Name, &m.peer, &sender, &recipients, &copies, &m.Subject, &m.Text, &m.HTML,
		&parts, &m.Raw, &m.Proof, &m.Auto, &m.Flaw, &m.State, &fault, &sent, &at)
	if err != nil {
		return stored{}, err
	}
	m.HasHTML, m.SentAt, m.At = m.HTML != "", db.Time(sent), db.Time(at)
	err = errors.Join(json.Unmarshal([]byte(sender), &m.From), json.Unmarshal([]byte(recipients), &m.To),
		json.Unmarshal([]byte(copies), &m.Cc), json.Unmarshal([]byte(parts), &m.Parts))
	if fault != "" {
		m.Fault = &channels.Fault{}
		err = errors.Join(err, json.Unmarshal([]byte(fault), m.Fault))
	}
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

func insertMessage(ctx context.Context, tx *sql.Tx, m stored) error {
	sender, err1 := json.Marshal(m.From)
	recipients, err2 := toJSON(m.To)
	copies, err3 := toJSON(m.Cc)
	parts, err4 := toJSON(m.Parts)
	fault, err5 := faultJSON(m.Fault)
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO message (id, conversation_id, customer_id, seq, direction, kind, asked_kind, account_id,
			external_id, client_id, author_kind, author_id, author_name, peer, sender, recipients, copies, subject, body, html, parts,
			raw, proof, auto, flaw, state, fault, sent_at, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26,
			$27, $28, $29)`,
		string(m.ID), string(m.Conversation), string(m.Customer), m.Seq, string(m.Direction), string(m.Kind), string(m.AskedKind),
		string(m.Account), null(m.external), null(m.ClientID), m.Author.Kind, m.Author.ID, m.Author.Name, m.peer, string(sender),
		recipients, copies, m.Subject, m.Text, m.HTML, parts, string(m.Raw), int(m.Proof), string(m.Auto), m.Flaw, string(m.State),
		fault, db.Millis(m.SentAt), db.Millis(m.At))
	return err
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

func faultJSON(f *channels.Fault) (string, error) {
	if f == nil {
		return "", nil
	}
	raw, err := json.Marshal(f)
	return string(raw), err
}

// ref is a Message-ID seen in a conversation.
type ref struct {
	id      string
	message MessageID
	ours    bool
}

func insertRef(ctx context.Context, tx *sql.Tx, conversation ConversationID, r ref) error {
	ours := 0
	if r.ours {
		ours = 1
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO mail_ref (ref, conversation_id, message_id, ours) VALUES ($1, $2, $3, $4)
		ON CONFLICT (ref, message_id) DO NOTHING`, r.id, string(conversation), string(r.message), ours)
	return err
}
