package inbox

import (
	"encoding/json"
	"errors"
	"fmt"

	"sportello/inbox/db"
	"sportello/inbox/journal"
)

// Evidence is a message row as the audit reads it: with what only the record knows of it.
type Evidence struct {
	Message
	External string // in: the provider's id
	Peer     string // the address of the other side
}

// EvidenceColumns are what ScanEvidence scans, of message m.
const EvidenceColumns = messageColumns

// ScanEvidence reads a message row.
func ScanEvidence(scan func(into ...any) error) (Evidence, error) {
	m, err := scanMessage(scanFunc(scan))
	return Evidence{m.Message, m.external, m.peer}, err
}

type scanFunc func(into ...any) error

// Scan scans.
func (f scanFunc) Scan(into ...any) error { return f(into...) }

// Content is a digest of what never changes of a message. The event that brings the message carries it, so that a row altered by hand
// shows. Left out is what a message takes on later: its state and fault, the customer it turns out to belong to, and, of one that
// leaves, the channel and address by which it leaves in the end.
func (e Evidence) Content() (string, error) {
	copies, err1 := toJSON(e.Cc)
	parts, err2 := toJSON(e.Parts)
	details, err3 := detailsJSON(e.Details)
	d := journal.NewDigest(1024 + len(e.Text) + len(e.HTML)).Text(string(e.ID)).Text(string(e.Conversation)).Int(e.Seq).Text(string(e.Direction)).
		Text(e.External).Text(e.ClientID).Text(e.Author.Kind).Text(e.Author.ID).Text(e.Author.Name).Text(copies).Text(e.Text).
		Text(e.HTML).Text(parts).Text(string(e.Raw)).Int(int64(e.Proof)).Text(string(e.Auto)).Text(e.Flaw)
	if details != "" { // messages that were written before there were details have a digest without them
		d = d.Text(details)
	}
	d = d.Text(fmt.Sprint(db.Millis(e.SentAt))).Int(e.At.UnixMilli())
	if e.Direction == In {
		from, err4 := json.Marshal(e.From)
		to, err5 := toJSON(e.To)
		d = d.Text(string(e.Kind)).Text(string(e.Account)).Text(e.Peer).Text(string(from)).Text(to).Text(e.Subject)
		err1 = errors.Join(err1, err4, err5)
	}
	if err := errors.Join(err1, err2, err3); err != nil {
		return "", fmt.Errorf("digest of message %s: %w", e.ID, err)
	}
	return d.String(), nil
}
