package inbox

import (
	"context"
	"errors"
	"time"

	"sportello/channels"
	"sportello/inbox/customer"
	"sportello/inbox/journal"
)

var errStub = errors.New("not there yet")

func (l *Ledger) Accept(ctx context.Context, in channels.Inbound) (channels.Accepted, error) {
	return channels.Accepted{}, errStub
}
func (l *Ledger) Settle(ctx context.Context, r channels.Receipt) error { return errStub }
func (l *Ledger) Reply(ctx context.Context, cmd ReplyCmd) (Message, error) {
	return Message{}, errStub
}
func (l *Ledger) Note(ctx context.Context, cmd NoteCmd) (Message, error) { return Message{}, errStub }
func (l *Ledger) Place(ctx context.Context, cmd PlaceCmd) (Conversation, error) {
	return Conversation{}, errStub
}
func (l *Ledger) Assign(ctx context.Context, cmd AssignCmd) (Conversation, error) {
	return Conversation{}, errStub
}
func (l *Ledger) Transfer(ctx context.Context, cmd TransferCmd) (Conversation, error) {
	return Conversation{}, errStub
}
func (l *Ledger) Requeue(ctx context.Context, cmd RequeueCmd) (Conversation, error) {
	return Conversation{}, errStub
}
func (l *Ledger) Close(ctx context.Context, cmd CloseCmd) (Conversation, error) {
	return Conversation{}, errStub
}
func (l *Ledger) Reopen(ctx context.Context, cmd ReopenCmd) (Conversation, error) {
	return Conversation{}, errStub
}
func (l *Ledger) Offered(ctx context.Context, id ConversationID, d Decision) error { return errStub }
func (l *Ledger) OfferEnded(ctx context.Context, id ConversationID, agent AgentID, offer, reason, detail string) error {
	return errStub
}
func (l *Ledger) Unmatched(ctx context.Context, id ConversationID, d Decision) error { return errStub }
func (l *Ledger) Conversation(ctx context.Context, id ConversationID) (Conversation, error) {
	return Conversation{}, errStub
}
func (l *Ledger) ConversationByNumber(ctx context.Context, number int64) (Conversation, error) {
	return Conversation{}, errStub
}
func (l *Ledger) Messages(ctx context.Context, id ConversationID, after int64, limit int) ([]Message, error) {
	return nil, errStub
}
func (l *Ledger) Message(ctx context.Context, id MessageID) (Message, error) {
	return Message{}, errStub
}
func (l *Ledger) MessagesByCustomer(ctx context.Context, id customer.ID, before journal.Cursor, limit int) ([]Message, journal.Cursor, error) {
	return nil, journal.Cursor{}, errStub
}
func (l *Ledger) Open(ctx context.Context, fn func(Conversation) error) error { return errStub }
func (l *Ledger) ReachContext(ctx context.Context, id ConversationID) (customer.Context, customer.Customer, error) {
	return customer.Context{}, customer.Customer{}, errStub
}

func (o *Outbox) Lease(ctx context.Context, holder string, limit int, ttl time.Duration) ([]Row, error) {
	return nil, errStub
}
func (o *Outbox) NextDue(ctx context.Context) (time.Time, error)           { return time.Time{}, errStub }
func (o *Outbox) Begin(ctx context.Context, row Row) (Row, error)          { return row, errStub }
func (o *Outbox) Sent(ctx context.Context, row Row, s channels.Sent) error { return errStub }
func (o *Outbox) Failed(ctx context.Context, row Row, f *channels.Fault, retryAt time.Time) error {
	return errStub
}
func (o *Outbox) Redirect(ctx context.Context, row Row, to customer.Option, v customer.Verdict) (Row, error) {
	return row, errStub
}
func (o *Outbox) Hold(ctx context.Context, row Row, v customer.Verdict, until time.Time) error {
	return errStub
}
func (o *Outbox) Refuse(ctx context.Context, row Row, v customer.Verdict) error { return errStub }
func (o *Outbox) Recover(ctx context.Context) (int, error)                      { return 0, errStub }
