package customer

import (
	"slices"
	"testing"
	"time"

	"sportello/channels"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

const visitor = "00112233445566778899aabbccddeeff"

// anna has an address on every channel; our accounts are named after theirs.
func anna() Ask {
	return Ask{
		Purpose: Service,
		Customer: Customer{ID: "anna", Name: "Anna", Zone: "Europe/Rome", Identities: []Identity{
			{Kind: channels.Chat, Value: visitor, Owner: true, Proof: channels.ProofProvider},
			{Kind: channels.Email, Value: "anna@example.it", Owner: true, Proof: channels.ProofProvider},
			{Kind: channels.SMS, Value: "+393331234567", Owner: true, Proof: channels.ProofProvider},
		}},
		Accounts: map[channels.Kind]AccountFor{channels.Chat: {"chat"}, channels.Email: {"email"}, channels.SMS: {"sms"}},
	}
}

func in(a *Ask, k channels.Kind) {
	for _, i := range a.Customer.Identities {
		if i.Kind == k {
			a.Conversation = Context{Kind: k, Account: channels.AccountID(k), LastKind: k, LastFrom: i.Value, LastInAt: noon.Add(-3 * time.Hour)}
		}
	}
}

func prefer(a *Ask, k channels.Kind) {
	a.Customer.Preference = &Preference{Channel: k, Source: "stated"}
}

func stop(a *Ask, c Consent) {
	if c.At.IsZero() {
		c.At = noon.Add(-time.Hour)
	}
	a.Customer.Consents = append([]Consent{c}, a.Customer.Consents...)
}

func TestReach(t *testing.T) {
	for _, c := range []struct {
		name string
		ask  func(*Ask)
		want channels.Kind // "" none
		code Code
		of   channels.Kind // an option whose codes are looked at
		has  Code
	}{
		{"console 2.6 preferred", func(a *Ask) { in(a, channels.Email); prefer(a, channels.SMS) }, channels.SMS, CodePreferred, channels.SMS, CodePreferred},
		{"console 2.6 last_inbound: mail answers mail", func(a *Ask) { in(a, channels.Email) }, channels.Email, CodeLastInbound, channels.Email, CodeConversation},
		{"console 2.6 last_inbound: text answers text", func(a *Ask) { in(a, channels.SMS) }, channels.SMS, CodeLastInbound, channels.SMS, CodeLastInbound},
		{"console 2.6 visitor_here", func(a *Ask) {
			in(a, channels.Chat)
			prefer(a, channels.Email)
			a.Visitors = map[string]Visitor{visitor: {Here: true}}
		}, channels.Chat, CodeVisitorHere, channels.Email, CodePreferred},
		{"console 2.6 visitor_left: another channel", func(a *Ask) { in(a, channels.Chat) }, channels.Email, CodeVisitorLeft, channels.Chat, CodeVisitorLeft},
		{"console 2.6 visitor_left: waits for him", func(a *Ask) {
			in(a, channels.Chat)
			a.Customer.Identities = a.Customer.Identities[:1]
		}, channels.Chat, CodeVisitorLeft, channels.Email, CodeNoAddress},
		{"console 2.6 preferred_other: suppressed", func(a *Ask) {
			in(a, channels.SMS)
			prefer(a, channels.Email)
			a.Customer.Identities[1].SuppressedAt = noon
		}, channels.SMS, CodePreferredOther, channels.Email, CodeSuppressed},
		{"console 2.6 preferred_other: chat that he left", func(a *Ask) { in(a, channels.SMS); prefer(a, channels.Chat) },
			channels.SMS, CodePreferredOther, channels.Chat, CodeVisitorLeft},
		{"console 2.6 consent_missing", func(a *Ask) { a.Purpose = Marketing }, "", CodeConsentMissing, channels.SMS, CodeConsentMissing},
		{"console 2.6 consent given", func(a *Ask) {
			a.Purpose = Marketing
			stop(a, Consent{Kind: channels.Email, Purpose: Marketing, Granted: true})
		}, channels.Email, CodeAvailable, channels.SMS, CodeConsentMissing},
		{"console 2.6 unverified_address", func(a *Ask) {
			in(a, channels.Email)
			a.Customer.Identities[1].Owner = false
		}, channels.Email, CodeLastInbound, channels.Email, CodeUnverified},
		{"console 2.6 provider_down", func(a *Ask) {
			in(a, channels.SMS)
			a.Down = map[channels.AccountID]time.Time{"sms": noon}
		}, channels.Email, CodeAvailable, channels.SMS, CodeProviderDown},
		{"console 2.6 no_channel", func(a *Ask) { a.Customer.Identities = nil }, "", CodeNoAddress, channels.Email, CodeNoAddress},
		{"no account", func(a *Ask) { in(a, channels.SMS); delete(a.Accounts, channels.SMS) }, channels.Email, CodeAvailable, channels.SMS, CodeNoAccount},
		{"M-07 one way", func(a *Ask) {
			a.Customer.Identities = []Identity{{Kind: channels.SMS, Value: "Poste", Owner: true}}
			in(a, channels.SMS)
		}, "", CodeOneWay, channels.SMS, CodeOneWay},
		{"M-07 short code", func(a *Ask) {
			a.Customer.Identities = []Identity{{Kind: channels.SMS, Value: "48484", Owner: true}}
			in(a, channels.SMS)
		}, channels.SMS, CodeLastInbound, channels.SMS, CodeConversation},
		{"M-17 STOP", func(a *Ask) {
			in(a, channels.SMS)
			prefer(a, channels.SMS)
			stop(a, Consent{Kind: channels.SMS, Address: "+393331234567", Account: "sms", Wording: "STOP"})
		}, channels.Email, CodePreferredOther, channels.SMS, CodeConsentWithdrawn},
		{"M-18 pinned is never overridden", func(a *Ask) {
			in(a, channels.SMS)
			a.Want, a.Pinned = channels.SMS, true
			stop(a, Consent{Kind: channels.SMS})
		}, "", CodeConsentWithdrawn, channels.Email, CodeAvailable},
		{"M-19 STOP speaks of one number of ours", func(a *Ask) {
			in(a, channels.SMS)
			stop(a, Consent{Kind: channels.SMS, Account: "another"})
		}, channels.SMS, CodeLastInbound, channels.SMS, CodeLastInbound},
		{"M-19 START restores", func(a *Ask) {
			in(a, channels.SMS)
			stop(a, Consent{Kind: channels.SMS, At: noon.Add(-2 * time.Hour)})
			stop(a, Consent{Kind: channels.SMS, Purpose: Service, Granted: true})
		}, channels.SMS, CodeLastInbound, channels.SMS, CodeLastInbound},
		{"M-19 START does not restore marketing", func(a *Ask) {
			a.Purpose = Marketing
			stop(a, Consent{Kind: channels.SMS, At: noon.Add(-2 * time.Hour)})
			stop(a, Consent{Kind: channels.SMS, Purpose: Service, Granted: true})
		}, "", CodeConsentMissing, channels.SMS, CodeConsentWithdrawn},
		{"M-20 everything forbidden", func(a *Ask) { in(a, channels.Email); stop(a, Consent{}) }, "", CodeConsentWithdrawn, channels.Chat, CodeConsentWithdrawn},
		{"M-21 quiet hours", func(a *Ask) {
			in(a, channels.SMS)
			prefer(a, channels.SMS)
			a.Customer.Preference.QuietFrom, a.Customer.Preference.QuietTo = 13*60, 14*60 // noon UTC is 13:00 in Rome
		}, "", CodeQuietHours, channels.Email, CodeQuietHours},
		{"M-21 a reply soon after is no disturbance", func(a *Ask) {
			in(a, channels.SMS)
			prefer(a, channels.SMS)
			a.Customer.Preference.QuietFrom, a.Customer.Preference.QuietTo = 13*60, 14*60
			a.Conversation.LastInAt = noon.Add(-time.Hour)
		}, channels.SMS, CodePreferred, channels.Email, CodeAvailable},
		{"wanted, not pinned", func(a *Ask) { in(a, channels.Email); a.Want = channels.SMS }, channels.SMS, CodeAvailable, channels.Email, CodeLastInbound},
		{"wanted, not usable, not pinned", func(a *Ask) {
			in(a, channels.Email)
			a.Want = channels.SMS
			a.Customer.Identities = a.Customer.Identities[:2]
		}, channels.Email, CodeLastInbound, channels.SMS, CodeNoAddress},
		{"pinned chat waits for him", func(a *Ask) { in(a, channels.Email); a.Want, a.Pinned = channels.Chat, true }, channels.Chat, CodeVisitorLeft, channels.Email, CodeLastInbound},
		{"inferred preference comes after the last channel", func(a *Ask) {
			in(a, channels.Email)
			prefer(a, channels.SMS)
			a.Customer.Preference.Source = "inferred"
		}, channels.Email, CodeLastInbound, channels.SMS, CodePreferred},
		{"outside any conversation", func(a *Ask) { a.Customer.Identities[2].LastInAt = noon.Add(-time.Hour) }, channels.SMS, CodeLastInbound, channels.SMS, CodeLastInbound},
	} {
		t.Run(c.name, func(t *testing.T) {
			ask := anna()
			c.ask(&ask)
			v := Reach(ask, noon)
			chosen, _ := v.Pick()
			of, _ := v.Option(c.of)
			if chosen.Kind != c.want || v.Code != c.code || !slices.Contains(of.Codes, c.has) {
				t.Errorf("chose %q because %s, %s has %v; want %q because %s, %s", chosen.Kind, v.Code, c.of, of.Codes, c.want, c.code, c.has)
			}
		})
	}
}

// M-21: quiet hours end at the customer's own time, also over midnight and in the night when the clocks change.
func TestM21QuietHoursEnd(t *testing.T) {
	rome, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ now, until time.Time }{
		{time.Date(2026, 3, 2, 22, 40, 0, 0, rome), time.Date(2026, 3, 3, 8, 0, 0, 0, rome)},
		{time.Date(2026, 3, 3, 7, 59, 0, 0, rome), time.Date(2026, 3, 3, 8, 0, 0, 0, rome)},
		{time.Date(2026, 3, 28, 23, 0, 0, 0, rome), time.Date(2026, 3, 29, 8, 0, 0, 0, rome)},
		{time.Date(2026, 10, 25, 2, 30, 0, 0, rome), time.Date(2026, 10, 25, 8, 0, 0, 0, rome)},
		{time.Date(2026, 3, 3, 8, 0, 0, 0, rome), time.Time{}},
		{time.Date(2026, 3, 3, 21, 59, 0, 0, rome), time.Time{}},
	} {
		ask := anna()
		ask.Customer.Preference = &Preference{QuietFrom: 22 * 60, QuietTo: 8 * 60, Source: "stated"}
		o, _ := Reach(ask, c.now).Option(channels.SMS)
		if !o.Until.Equal(c.until) || o.Usable != c.until.IsZero() {
			t.Errorf("%s: until %s, want %s", c.now, o.Until, c.until)
		}
	}
}

// The zone of the house serves customers whose own is not known.
func TestM21ZoneOfTheHouse(t *testing.T) {
	ask := anna()
	ask.Customer.Zone, ask.Zone = "", "Asia/Tokyo" // noon UTC is 21:00
	ask.Customer.Preference = &Preference{QuietFrom: 20 * 60, QuietTo: 22 * 60}
	if o, _ := Reach(ask, noon).Option(channels.SMS); o.Usable {
		t.Fatal("the quiet hours of the house's zone are not kept")
	}
}

// Of several addresses the one he wrote from is used; if it must not be, another of the same channel is.
func TestAddressHeWroteFrom(t *testing.T) {
	ask := anna()
	ask.Customer.Identities = append(ask.Customer.Identities, Identity{Kind: channels.Email, Value: "work@example.it", Owner: true, LastInAt: noon})
	in(&ask, channels.Email)
	ask.Conversation.LastFrom = "anna@example.it"
	if o, _ := Reach(ask, noon).Pick(); o.Address != "anna@example.it" {
		t.Fatal(o)
	}
	ask.Customer.Identities[1].SuppressedAt = noon
	if o, _ := Reach(ask, noon).Pick(); o.Address != "work@example.it" {
		t.Fatal(o)
	}
}
