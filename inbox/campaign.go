package inbox

// Mail to many. The invariants:
//
//   - A person gets a campaign once: its mails are messages whose author is the campaign and whose client id is the customer. Whoever
//     begins it again, however often and also beside another, adds only who is missing.
//   - A campaign says one thing: its name is bound to a digest of all its words.
//   - Each mail has a conversation of its own, closed from the start: it waits for nobody. An answer opens it, as it opens any.
//   - Whether it may leave is asked when it leaves (N3). That is no matter of when it was queued.

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"sportello/channels"
	"sportello/inbox/customer"
	"sportello/inbox/db"
	"sportello/inbox/journal"
)

// campaigned is the disposition of the conversation of a campaign's mail.
const campaigned = "campaign"

// mostLocal is the length of the local part of a mail address (RFC 5321 section 4.5.3.1.1).
const mostLocal = 64

// Refusals of campaigns.
var (
	ErrOtherCampaign error = Refused{Code: "other_campaign"} // the name was used for a campaign that says something else
	ErrStopped       error = Refused{Code: "stopped"}        // the campaign was stopped
)

// Campaign is a mail to many people of one list.
type Campaign struct {
	Name      string             `json:"name"`
	List      string             `json:"list"` // as consents know it
	Account   channels.AccountID `json:"account"`
	Subject   string             `json:"subject"` // before it is filled in
	Digest    string             `json:"-"`       // of all that it says
	CreatedAt time.Time          `json:"created_at"`
	StoppedAt time.Time          `json:"stopped_at,omitzero"` // zero while it goes on

	Sender  string           `json:"-"` // name that it is sent under; not stored, like what follows
	ListID  string           `json:"-"` // RFC 2919
	Purpose customer.Purpose `json:"-"` // the list's
}

// Letter is the mail of a campaign to one person.
type Letter struct {
	Customer    customer.ID
	Address     string
	Subject     string
	Text        string
	HTML        string // sanitised; "" makes one of Text
	Unsubscribe string // https address that ends the list for this person
}

func (c Campaign) author() string { return campaigned + ":" + c.Name }

// BeginCampaign notes a campaign, unless it is there already and says the same, and returns it as it is noted.
func (l *Ledger) BeginCampaign(ctx context.Context, c Campaign) (Campaign, error) {
	_, err := l.db.ExecContext(ctx, `INSERT INTO campaign (name, list, account_id, subject, digest, created_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (name) DO NOTHING`, c.Name, c.List, string(c.Account), c.Subject, c.Digest, l.clock().UnixMilli())
	if err != nil {
		return Campaign{}, fmt.Errorf("begin campaign: %w", err)
	}
	known, err := l.Campaign(ctx, c.Name)
	switch {
	case err != nil:
		return Campaign{}, err
	case known.Digest != c.Digest || known.List != c.List || known.Account != c.Account:
		return Campaign{}, ErrOtherCampaign
	case !known.StoppedAt.IsZero():
		return Campaign{}, ErrStopped
	}
	known.Sender, known.ListID, known.Purpose = c.Sender, c.ListID, c.Purpose
	return known, nil
}

// Campaign reads what is noted of one.
func (l *Ledger) Campaign(ctx context.Context, name string) (Campaign, error) {
	return readCampaign(ctx, l.db, name, "")
}

func readCampaign(ctx context.Context, q db.Querier, name, end string) (Campaign, error) {
	c := Campaign{Name: name}
	var created int64
	var stopped sql.NullInt64
	err := q.QueryRowContext(ctx, `SELECT list, account_id, subject, digest, created_at, stopped_at FROM campaign WHERE name = $1`+end, name).
		Scan(&c.List, &c.Account, &c.Subject, &c.Digest, &created, &stopped)
	if errors.Is(err, sql.ErrNoRows) {
		return Campaign{}, ErrNotFound
	}
	if err != nil {
		return Campaign{}, fmt.Errorf("read campaign: %w", err)
	}
	c.CreatedAt, c.StoppedAt = time.UnixMilli(created).UTC(), db.Time(stopped)
	return c, nil
}

// Mail queues letters of a campaign, all in one transaction, and returns those of their receivers who had none yet. The others are left
// as they are.
func (l *Ledger) Mail(ctx context.Context, c Campaign, letters []Letter) ([]customer.ID, error) {
	account, ok := l.Account(c.Account)
	if !ok || account.Kind != channels.Email {
		return nil, fmt.Errorf("mail campaign: %w", ErrNoAccount)
	}
	var turns []*turn
	err := l.db.Tx(ctx, func(tx *sql.Tx) error {
		turns = nil
		now, err := readCampaign(ctx, tx, c.Name, l.db.ForUpdate("campaign")) // two who go on with it take turns
		if err != nil {
			return err
		}
		if !now.StoppedAt.IsZero() {
			return ErrStopped
		}
		missing, err := l.unmailed(ctx, tx, c, letters)
		if err != nil || len(missing) == 0 {
			return err
		}
		last, err := takeNumbers(ctx, tx, len(missing))
		if err != nil {
			return err
		}
		for i, letter := range missing {
			t, err := l.mail(ctx, tx, c, account, letter, last-int64(len(missing)-1-i))
			if err != nil {
				return err
			}
			turns = append(turns, t)
		}
		return flush(ctx, turns...)
	})
	if err != nil {
		return nil, fmt.Errorf("mail campaign: %w", err)
	}
	l.tell(turns...)
	queued := make([]customer.ID, len(turns))
	for i, t := range turns {
		queued[i] = t.c.Customer
	}
	return queued, nil
}

// unmailed are the letters whose receivers have none of this campaign, each receiver once. One who was merged into another since has the
// other's.
func (l *Ledger) unmailed(ctx context.Context, tx *sql.Tx, c Campaign, letters []Letter) (missing []Letter, err error) {
	if len(letters) == 0 {
		return nil, nil
	}
	with, args := l.db.With("w",
		db.Texts("author", letters, func(Letter) string { return c.author() }),
		db.Texts("id", letters, func(m Letter) customer.ID { return m.Customer }))
	has := map[customer.ID]bool{}
	err = l.db.Together(ctx, tx, db.Ask(func(row db.Row) error {
		var id customer.ID
		err := row.Scan(&id)
		has[id] = true
		return err
	}, `WITH `+with+` SELECT w.id FROM w JOIN message m ON m.author_id = w.author AND m.client_id = w.id
		UNION SELECT w.id FROM w JOIN message m ON m.customer_id = w.id AND m.author_id = w.author`, args...))
	for _, m := range letters {
		if !has[m.Customer] {
			missing, has[m.Customer] = append(missing, m), true
		}
	}
	return missing, err
}

// mail writes one letter: the conversation, the message, and its row of the outbox with the envelope frozen. Another channel never
// takes its place.
func (l *Ledger) mail(ctx context.Context, tx *sql.Tx, c Campaign, account Account, letter Letter, number int64) (*turn, error) {
	who, err := l.nameOf(ctx, tx, letter.Customer)
	if err != nil {
		return nil, err
	}
	id, err := newID()
	if err != nil {
		return nil, err
	}
	row, err := newID()
	if err != nil {
		return nil, err
	}
	t := &turn{l: l, tx: tx, at: l.clock()}
	t.c = Conversation{
		ID: ConversationID(id), Number: number, Customer: who.ID, CustomerName: who.Name, CustomerTier: who.Tier, Locale: who.Locale,
		Kind: account.Kind, Account: account.ID, Subject: storable(letter.Subject), State: Closed, Disposition: campaigned, Priority: 50,
		CreatedAt: t.at, ClosedAt: t.at,
	}
	if who.Name == "" {
		t.c.CustomerContact = letter.Address
	}
	if err := t.tell(journal.Opened, "system", Change{Reason: campaigned}); err != nil {
		return nil, err
	}
	m := stored{peer: letter.Address, Message: Message{
		Direction: Out, Kind: account.Kind, Account: account.ID, ClientID: string(letter.Customer), State: channels.StateQueued,
		Auto: channels.AutoList, Author: Author{Kind: "system", ID: c.author(), Name: c.Sender},
		Subject: t.c.Subject, Text: storable(letter.Text), HTML: storable(letter.HTML),
	}}
	env, err := l.compose(ctx, tx, t.c, m.Message, row, customer.Option{Kind: account.Kind, Account: account.ID, Address: letter.Address})
	if err != nil {
		return nil, err
	}
	env.Campaign, env.List, env.ListID = c.Name, c.List, c.ListID
	env.Unsubscribe = &channels.Unsubscribe{URL: letter.Unsubscribe, Mail: l.leaveAddress(account, t.c.ID)}
	_, err = t.post("system", m, Row{ID: row, Class: ClassBulk, Purpose: c.Purpose, Pinned: true, Envelope: env, DueAt: t.at})
	return t, err
}

// leaveAddress is where a mail ends the list that the conversation's mail is of, or "" when our own address leaves no room for it.
func (l *Ledger) leaveAddress(account Account, id ConversationID) string {
	local, domain, _ := strings.Cut(account.Address, "@")
	local += "+" + signToken(l.cfg.TokenKey, leaveToken, id)
	if len(local) > mostLocal {
		return ""
	}
	return local + "@" + domain
}
