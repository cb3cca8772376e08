package dispatch

import (
	"testing"
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/customer"
)

const (
	mail    = "anna@example.it"
	number  = "+393331234567"
	visitor = "00112233445566778899aabbccddeeff"
)

func askOf() customer.Ask {
	return customer.Ask{
		Purpose: customer.Service,
		Customer: customer.Customer{ID: "c", Identities: []customer.Identity{
			{Kind: channels.Chat, Value: visitor, Owner: true}, {Kind: channels.Email, Value: mail, Owner: true}, {Kind: channels.SMS, Value: number, Owner: true}}},
		Conversation: customer.Context{Kind: channels.Chat, Account: "sito", LastKind: channels.Chat, LastFrom: visitor, LastInAt: noon.Add(-2 * time.Hour)},
		Accounts:     map[channels.Kind]customer.AccountFor{channels.Chat: {ID: "sito"}, channels.Email: {ID: "posta"}, channels.SMS: {ID: "numero"}},
		Visitors:     map[string]customer.Visitor{visitor: {Here: true}},
	}
}

func rowOf(kind channels.Kind, account channels.AccountID, address string) inbox.Row {
	return inbox.Row{ID: "r", Kind: kind, Account: account, Purpose: customer.Service,
		Envelope: channels.Outbound{To: []channels.Address{{Kind: kind, Value: address}}}}
}

func TestX03EveryRowIsJudgedAtTheMomentOfSending(t *testing.T) {
	stop := customer.Consent{Kind: channels.SMS, At: noon, Granted: false}
	quiet := func(ask *customer.Ask) {
		ask.Customer.Preference = &customer.Preference{Source: "stated", QuietFrom: 11 * 60, QuietTo: 14 * 60}
	}
	left := func(ask *customer.Ask, ago time.Duration) {
		ask.Visitors[visitor] = customer.Visitor{LeftAt: noon.Add(-ago)}
	}
	only := func(ask *customer.Ask, k channels.Kind) {
		for _, i := range ask.Customer.Identities {
			if i.Kind == k {
				ask.Customer.Identities = []customer.Identity{i}
				return
			}
		}
	}
	chat, sms, post := rowOf(channels.Chat, "sito", visitor), rowOf(channels.SMS, "numero", number), rowOf(channels.Email, "posta", mail)
	for name, c := range map[string]struct {
		row    inbox.Row
		pinned bool
		change func(ask *customer.Ask)
		do     action
		to     channels.Kind
		until  time.Duration
	}{
		"chat, visitor here":             {row: chat, do: send},
		"mail, allowed":                  {row: post, do: send},
		"chat, left a moment ago":        {row: chat, change: func(a *customer.Ask) { left(a, 5*time.Second) }, do: hold, until: 2 * time.Second},
		"chat, left":                     {row: chat, change: func(a *customer.Ask) { left(a, time.Minute) }, do: redirect, to: channels.Email},
		"chat, left, pinned":             {row: chat, pinned: true, change: func(a *customer.Ask) { left(a, time.Minute) }, do: hold, until: 4 * time.Second},
		"chat, left, no other channel":   {row: chat, change: func(a *customer.Ask) { left(a, time.Minute); only(a, channels.Chat) }, do: hold, until: 4 * time.Second},
		"chat, left long ago":            {row: chat, change: func(a *customer.Ask) { left(a, 3*time.Hour); only(a, channels.Chat) }, do: hold, until: 5 * time.Minute},
		"chat, not seen since he wrote":  {row: chat, change: func(a *customer.Ask) { a.Visitors = nil; only(a, channels.Chat) }, do: hold, until: 5 * time.Minute},
		"sms, stopped":                   {row: sms, change: func(a *customer.Ask) { a.Customer.Consents = []customer.Consent{stop} }, do: redirect, to: channels.Chat},
		"sms, stopped, pinned":           {row: sms, pinned: true, change: func(a *customer.Ask) { a.Customer.Consents = []customer.Consent{stop} }, do: refuse},
		"sms, stopped, nothing else":     {row: sms, change: func(a *customer.Ask) { a.Customer.Consents = []customer.Consent{stop}; only(a, channels.SMS) }, do: refuse},
		"everything withdrawn":           {row: sms, change: func(a *customer.Ask) { a.Customer.Consents = []customer.Consent{{At: noon}} }, do: refuse},
		"sms, quiet hours, pinned":       {row: sms, pinned: true, change: quiet, do: hold, until: 2 * time.Hour},
		"sms, quiet hours, nothing else": {row: sms, change: func(a *customer.Ask) { quiet(a); only(a, channels.SMS) }, do: hold, until: 2 * time.Hour},
		"mail, provider down, pinned":    {row: post, pinned: true, change: func(a *customer.Ask) { a.Down = map[channels.AccountID]time.Time{"posta": noon} }, do: hold, until: 30 * time.Second},
		"mail, bounced":                  {row: post, change: func(a *customer.Ask) { a.Customer.Identities[1].SuppressedAt = noon }, do: redirect, to: channels.Chat},
		"mail, address of nobody":        {row: rowOf(channels.Email, "posta", "altro@example.it"), do: send},
		"mail, bounced, but he has another one": {row: post, change: func(a *customer.Ask) {
			only(a, channels.Email)
			a.Customer.Identities[0].SuppressedAt = noon
			a.Customer.Identities = append(a.Customer.Identities, customer.Identity{Kind: channels.Email, Value: "nuova@example.it", Owner: true})
		}, do: redirect, to: channels.Email},
		"marketing without consent": {row: post, pinned: true, change: func(a *customer.Ask) { a.Purpose = customer.Marketing }, do: refuse},
	} {
		t.Run(name, func(t *testing.T) {
			ask := askOf()
			if c.change != nil {
				c.change(&ask)
			}
			c.row.Pinned = c.pinned
			got := plan(c.row, ask, noon)
			if got.do != c.do || got.to.Kind != c.to {
				t.Fatalf("%s to %q, want %s to %q; %+v", got.do, got.to.Kind, c.do, c.to, got.verdict)
			}
			if c.until > 0 && !got.until.Equal(noon.Add(c.until)) {
				t.Errorf("until %s, want %s", got.until, noon.Add(c.until))
			}
			if got.do == redirect && got.to.Address == c.row.Envelope.To[0].Value {
				t.Error("redirected to where it was going")
			}
			if len(got.verdict.Options) != len(channels.Kinds()) || got.verdict.At.IsZero() {
				t.Errorf("the verdict is not complete: %+v", got.verdict)
			}
			if got.do == hold && got.verdict.Chosen >= 0 {
				t.Error("held, with a channel chosen: the agent would be told each time")
			}
		})
	}
}
