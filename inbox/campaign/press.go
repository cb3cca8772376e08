package campaign

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"sportello/channels"
	"sportello/channels/email/field"
	"sportello/inbox"
	"sportello/inbox/customer"
)

// The reasons for which a recipient is left out, besides those of customer.Reach. They are printed.
const (
	Unknown = "unknown" // no customer has this id or owns this address
	Twice   = "twice"   // named before, by another address perhaps
	Already = "already" // has the mail of this campaign
)

// batch is how many letters are queued in one transaction.
const batch = 100

// Press queues a campaign. It is used by one goroutine.
type Press struct {
	ledger *inbox.Ledger
	book   *customer.Book
	leave  *customer.Unsubscriber
	zone   string // IANA zone of the house
	now    func() time.Time
}

// NewPress makes one.
func NewPress(l *inbox.Ledger, b *customer.Book, u *customer.Unsubscriber, zone string, now func() time.Time) *Press {
	return &Press{ledger: l, book: b, leave: u, zone: zone, now: now}
}

// Outcome is what became of one recipient.
type Outcome struct {
	Recipient string // as it was named: a customer's id or a mail address
	Customer  customer.ID
	Queued    bool
	Reason    string // why not: one of the above, or a customer.Code
}

// Job is one campaign.
type Job struct {
	Name     string
	List     List
	Template *Template
	DryRun   bool // judge everybody, write nothing
}

// Run queues a campaign for recipients, of whom next gives one after the other until ok is false, and tells of each what became of him
// once that is in the record. When it is cut off, running it again does what is missing.
func (p *Press) Run(ctx context.Context, job Job, next func() (recipient string, ok bool), tell func(Outcome) error) error {
	c := inbox.Campaign{Name: job.Name, List: job.List.ID, Account: job.List.Account, Subject: job.Template.Subject(), Digest: job.Template.Digest(),
		Sender: job.List.Name, ListID: job.List.ListID, Purpose: job.List.Purpose}
	if !job.DryRun {
		var err error
		if c, err = p.ledger.BeginCampaign(ctx, c); err != nil {
			return err
		}
	}
	r := &round{Press: p, job: job, campaign: c, seen: map[customer.ID]bool{}, tell: tell}
	for name, ok := next(); ok; name, ok = next() {
		if err := r.add(ctx, name); err != nil {
			return err
		}
	}
	return r.flush(ctx)
}

// round is one Run.
type round struct {
	*Press
	job      Job
	campaign inbox.Campaign
	seen     map[customer.ID]bool
	waiting  []Outcome // in the order in which they were named
	letters  []inbox.Letter
	tell     func(Outcome) error
}

// add judges one recipient, and writes his letter.
func (r *round) add(ctx context.Context, name string) error {
	who, option, reason, err := r.judge(ctx, r.job.List, name)
	if err != nil {
		return err
	}
	out := Outcome{Recipient: name, Customer: who.ID, Reason: reason}
	switch {
	case reason != "":
	case r.seen[who.ID]:
		out.Reason = Twice
	default:
		out.Queued, r.seen[who.ID] = true, true
		url := r.leave.Link(who.ID, r.job.List.ID).URL
		w := r.job.Template.Fill(r.job.List, Person{Name: who.Name, Locale: who.Locale, Unsubscribe: url})
		r.letters = append(r.letters, inbox.Letter{Customer: who.ID, Address: option.Address, Subject: w.Subject, Text: w.Text, HTML: w.HTML, Unsubscribe: url})
	}
	r.waiting = append(r.waiting, out)
	if len(r.letters) < batch && len(r.waiting) < 10*batch {
		return nil
	}
	return r.flush(ctx)
}

// flush queues what is written, and tells.
func (r *round) flush(ctx context.Context) error {
	queued := map[customer.ID]bool{}
	if !r.job.DryRun && len(r.letters) > 0 {
		ids, err := r.ledger.Mail(ctx, r.campaign, r.letters)
		if err != nil {
			return err
		}
		for _, id := range ids {
			queued[id] = true
		}
	}
	for _, out := range r.waiting {
		if out.Queued && !r.job.DryRun && !queued[out.Customer] {
			out.Queued, out.Reason = false, Already
		}
		if err := r.tell(out); err != nil {
			return err
		}
	}
	r.waiting, r.letters = r.waiting[:0], r.letters[:0]
	return ctx.Err()
}

// judge finds a recipient and asks whether the list may write to him now or later, and where.
func (p *Press) judge(ctx context.Context, l List, name string) (customer.Customer, customer.Option, string, error) {
	who, address, err := p.find(ctx, name)
	if errors.Is(err, customer.ErrNotFound) {
		return customer.Customer{}, customer.Option{}, Unknown, nil
	}
	if err != nil {
		return customer.Customer{}, customer.Option{}, "", fmt.Errorf("find recipient: %w", err)
	}
	asked := who
	if address != "" { // this one, or none
		asked.Identities = nil
		for _, i := range who.Identities {
			if i.Kind == channels.Email && i.Value == address {
				asked.Identities = append(asked.Identities, i)
			}
		}
	}
	v := customer.Reach(customer.Ask{
		Customer: asked, Purpose: l.Purpose, List: l.ID, Accounts: map[channels.Kind]customer.AccountFor{channels.Email: {ID: l.Account}},
		Zone: p.zone, Want: channels.Email, Pinned: true,
	}, p.now())
	o, _ := v.Option(channels.Email)
	if o.Usable || o.Codes[0] == customer.CodeQuietHours {
		return who, o, "", nil
	}
	return who, o, string(o.Codes[0]), nil
}

// find is a customer by his id or by an address that he owns; then that is returned too.
func (p *Press) find(ctx context.Context, name string) (customer.Customer, string, error) {
	if _, err := uuid.Parse(name); err == nil {
		who, err := p.book.Read(ctx, customer.ID(strings.ToLower(name)))
		return who, "", err
	}
	address, ok := field.Normal(name)
	if !ok {
		return customer.Customer{}, "", customer.ErrNotFound
	}
	who, err := p.book.ByAddress(ctx, channels.Address{Kind: channels.Email, Value: address})
	return who, address, err
}
