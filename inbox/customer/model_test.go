package customer

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"sportello/channels"
)

// oracle is the rule of Reach in its shortest form, for customers with at most one address per channel: which channel is chosen.
func oracle(a Ask, now time.Time) channels.Kind {
	byKind := map[channels.Kind]Identity{}
	for _, i := range a.Customer.Identities {
		byKind[i.Kind] = i
	}
	allowed := func(k channels.Kind) (ok, passes bool) { // passes: only a matter of time
		i, known := byKind[k]
		account := a.Accounts[k].ID
		if !known || account == "" || !i.SuppressedAt.IsZero() || k == channels.SMS && i.Value == "Poste" {
			return false, false
		}
		granted, spoken, named := a.Purpose == Service, time.Time{}, false
		for _, c := range a.Customer.Consents {
			if (c.Kind == "" || c.Kind == k) && (c.Account == "" || c.Account == account) && (c.Purpose == "" || c.Purpose == a.Purpose) && (c.List == "" || c.List == a.List) && c.At.After(spoken) {
				granted, spoken, named = c.Granted, c.At, c.Kind == k
			}
		}
		_, down := a.Down[account]
		p := a.Customer.Preference
		if stated := a.Customer.channel("stated"); a.Purpose == Marketing && stated != "" && stated != k && !(named && spoken.After(p.UpdatedAt)) {
			return false, false
		}
		quiet := k != channels.Chat && p != nil && p.QuietFrom < p.QuietTo && now.Hour()*60 >= p.QuietFrom && now.Hour()*60 < p.QuietTo &&
			(a.Purpose == Marketing || now.Sub(a.Conversation.LastInAt) > time.Hour)
		return granted && !down && !quiet, granted && (down || quiet)
	}
	here := a.Visitors[byKind[channels.Chat].Value].Here
	reaches := func(k channels.Kind) bool { ok, _ := allowed(k); return ok && (k != channels.Chat || here) }
	chat, _ := allowed(channels.Chat)
	order := []channels.Kind{a.Customer.channel("stated"), a.Conversation.LastKind, a.Customer.channel("inferred"), a.Conversation.Kind, channels.Chat, channels.Email, channels.SMS}
	if a.Conversation.Kind == channels.Chat {
		order = append([]channels.Kind{channels.Chat}, order...)
	}
	if a.Want != "" {
		order = append([]channels.Kind{a.Want}, order...)
	}
	if a.Pinned && a.Want != "" {
		order, chat = order[:1], chat && a.Want == channels.Chat
	}
	for _, k := range order {
		if reaches(k) {
			return k
		}
	}
	_, mail := allowed(channels.Email)
	_, text := allowed(channels.SMS)
	_, talk := allowed(channels.Chat)
	byChat := a.Conversation.Kind == channels.Chat || a.Conversation.LastKind == channels.Chat
	if chat && (a.Pinned && a.Want != "" || byChat || !mail && !text && !talk) {
		return channels.Chat
	}
	return ""
}

func (c Customer) channel(source string) channels.Kind {
	if c.Preference == nil || c.Preference.Source != source {
		return ""
	}
	return c.Preference.Channel
}

func drawAsk(t *rapid.T) (Ask, time.Time) {
	kind := rapid.SampledFrom(append([]channels.Kind{""}, channels.Kinds()...))
	yes := rapid.Bool()
	now := noon.Add(time.Duration(rapid.IntRange(0, 23).Draw(t, "hour")) * time.Hour)
	ask := Ask{
		Purpose: rapid.SampledFrom([]Purpose{Service, Service, Marketing}).Draw(t, "purpose"),
		Want:    kind.Draw(t, "want"), Pinned: yes.Draw(t, "pinned"), List: rapid.SampledFrom([]string{"", "news"}).Draw(t, "list"),
		Accounts: map[channels.Kind]AccountFor{}, Down: map[channels.AccountID]time.Time{}, Visitors: map[string]Visitor{},
	}
	for _, k := range channels.Kinds() {
		account := channels.AccountID(k)
		if rapid.IntRange(0, 9).Draw(t, "account") > 0 {
			ask.Accounts[k] = AccountFor{account}
		}
		if rapid.IntRange(0, 9).Draw(t, "down") == 0 {
			ask.Down[account] = now
		}
		if !yes.Draw(t, "known") {
			continue
		}
		i := Identity{Kind: k, Value: "value-" + string(k), Owner: yes.Draw(t, "owner")}
		if k == channels.SMS {
			i.Value = rapid.SampledFrom([]string{"+393331234567", "48484", "Poste"}).Draw(t, "number")
		}
		if rapid.IntRange(0, 4).Draw(t, "suppressed") == 0 {
			i.SuppressedAt = noon
		}
		ask.Customer.Identities = append(ask.Customer.Identities, i)
	}
	ask.Visitors["value-chat"] = Visitor{Here: yes.Draw(t, "here")}
	if k := kind.Draw(t, "began"); k != "" {
		ask.Conversation = Context{Kind: k, Account: channels.AccountID(k), LastKind: kind.Draw(t, "last"), LastInAt: now.Add(-time.Duration(rapid.IntRange(1, 300).Draw(t, "ago")) * time.Minute)}
	}
	if yes.Draw(t, "wish") {
		ask.Customer.Preference = &Preference{Channel: kind.Draw(t, "preferred"), Source: rapid.SampledFrom([]string{"stated", "inferred"}).Draw(t, "source"),
			UpdatedAt: noon.Add(-time.Duration(rapid.IntRange(0, 6).Draw(t, "updated")) * time.Minute)}
		if yes.Draw(t, "quiet") {
			ask.Customer.Preference.QuietFrom = rapid.IntRange(0, 11).Draw(t, "from") * 60
			ask.Customer.Preference.QuietTo = rapid.IntRange(12, 23).Draw(t, "to") * 60
		}
	}
	for n := range rapid.IntRange(0, 4).Draw(t, "consents") { // newest first
		ask.Customer.Consents = append(ask.Customer.Consents, Consent{
			Kind: kind.Draw(t, "of"), Account: rapid.SampledFrom([]channels.AccountID{"", "sms", "other"}).Draw(t, "scope"),
			Purpose: rapid.SampledFrom([]Purpose{"", Service, Marketing}).Draw(t, "for"), Granted: yes.Draw(t, "granted"),
			List: rapid.SampledFrom([]string{"", "", "news", "other"}).Draw(t, "of list"),
			At:   noon.Add(-time.Duration(n+1) * time.Minute),
		})
	}
	return ask, now
}

// Reach agrees with the oracle, and whatever it is asked, its answer is well formed: an option with a reason for every channel, and
// nothing chosen that may not be used.
func TestReachAgreesWithTheOracle(t *testing.T) {
	check := func(t *rapid.T) {
		ask, now := drawAsk(t)
		v := Reach(ask, now)
		chosen, ok := v.Pick()
		if want := oracle(ask, now); chosen.Kind != want {
			t.Fatalf("chose %q, want %q: %+v", chosen.Kind, want, v)
		}
		if ok && !chosen.Usable || v.Code == "" || len(v.Options) != len(channels.Kinds()) {
			t.Fatalf("not well formed: %+v", v)
		}
		for n, k := range channels.Kinds() {
			if o := v.Options[n]; o.Kind != k || len(o.Codes) == 0 {
				t.Fatalf("option without reason: %+v", o)
			}
		}
	}
	for range 1000 { // of 100 cases each, which is rapid's own number
		rapid.Check(t, check)
	}
}
