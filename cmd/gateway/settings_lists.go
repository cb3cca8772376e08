package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"sportello/channels"
	"sportello/inbox/campaign"
	"sportello/inbox/customer"
)

// ListSettings are one mailing list, for campaigns.
type ListSettings struct {
	Name          string `koanf:"name"`           // as its readers know it
	Account       string `koanf:"account"`        // the mailbox that it is sent from
	Purpose       string `koanf:"purpose"`        // marketing (when empty), which needs consent, or service
	PostalAddress string `koanf:"postal_address"` // of the house; it stands below every mail
	Locale        string `koanf:"locale"`         // language of readers whose own is not known: it (when empty) or en
	ListID        string `koanf:"list_id"`        // RFC 2919; the list's word and the mailbox's domain when empty
	RelaySigns    bool   `koanf:"relay_signs"`    // the SMTP server signs what leaves (DKIM), both fields of List-Unsubscribe with it
}

var (
	listWord = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,29}$`)
	listID   = regexp.MustCompile(`^[A-Za-z0-9._-]+\.[A-Za-z0-9._-]+$`)
)

// checkLists lists what stands in the way of sending to the lists (RFC 8058).
func (s Settings) checkLists(found *problems) {
	if len(s.Lists) > 0 && !s.secure() {
		found.add("lists", "public_url must be https: mail programs end a list with one click by https only (RFC 8058)")
	}
	for _, id := range slices.Sorted(maps.Keys(s.Lists)) {
		l, path := s.Lists[id], "lists."+id
		if !listWord.MatchString(id) {
			found.add(path, "must be a short word of small letters, digits and -")
		}
		if strings.TrimSpace(l.Name) == "" {
			found.add(path+".name", "is empty")
		}
		if strings.TrimSpace(l.PostalAddress) == "" {
			found.add(path+".postal_address", "is empty: mail to many must bear the postal address of who sends it")
		}
		if !slices.Contains([]string{"", string(customer.Marketing), string(customer.Service)}, l.Purpose) {
			found.add(path+".purpose", "%q is neither marketing nor service", l.Purpose)
		}
		if !slices.Contains([]string{"", "it", "en"}, l.Locale) {
			found.add(path+".locale", "%q is neither it nor en", l.Locale)
		}
		if l.ListID != "" && !listID.MatchString(l.ListID) {
			found.add(path+".list_id", "%q is not of the form news.example.it", l.ListID)
		}
		e, ok := s.mailbox(l.Account)
		if !ok {
			found.add(path+".account", "there is no mail account %q", l.Account)
		} else if e.DKIM == (DKIMSettings{}) && !l.RelaySigns {
			found.add(path, "the mail of %s is not signed: set email.dkim, or relay_signs where its SMTP server signs List-Unsubscribe and List-Unsubscribe-Post (RFC 8058)", l.Account)
		}
	}
}

// mailbox is a mail account by its name.
func (s Settings) mailbox(account string) (EmailSettings, bool) {
	i := slices.IndexFunc(s.Email, func(e EmailSettings) bool { return e.Account == account })
	if i < 0 {
		return EmailSettings{}, false
	}
	return s.Email[i], true
}

// lists are the mailing lists, in the order of their words. The settings are valid.
func (s Settings) lists() []campaign.List {
	var all []campaign.List
	for _, id := range slices.Sorted(maps.Keys(s.Lists)) {
		l := s.Lists[id]
		e, _ := s.mailbox(l.Account)
		_, domain, _ := strings.Cut(e.Address, "@")
		all = append(all, campaign.List{
			ID: id, Name: l.Name, Account: channels.AccountID(l.Account), Purpose: customer.Purpose(cmp.Or(l.Purpose, string(customer.Marketing))),
			Postal: l.PostalAddress, Locale: cmp.Or(l.Locale, "it"), ListID: cmp.Or(l.ListID, id+"."+domain),
		})
	}
	return all
}

// lists says of each mailing list how its mail leaves. What would keep it from leaving is found when the settings are read.
func (d *doctor) lists(context.Context) {
	for _, l := range d.app.settings.lists() {
		what := "list " + l.ID
		set := d.app.settings.Lists[l.ID]
		e, _ := d.app.settings.mailbox(set.Account)
		signed := "signed here"
		if set.RelaySigns {
			signed = "signed by the SMTP server: make sure that it covers List-Unsubscribe and List-Unsubscribe-Post"
		}
		d.note("ok", what, "%s, from %s as %s, %s; ends at %s/u/…", l.Name, e.Address, l.ListID, signed, strings.TrimSuffix(d.app.settings.PublicURL, "/"))
		if local, _, _ := strings.Cut(e.Address, "@"); len(local) > longestLeaving {
			d.note("warn", what, "%s is too long for an address of unsubscribing: the list ends by its link alone", e.Address)
		}
		if e.Bounces == "" {
			d.note("ok", what, "bounces are known by what they quote; email.bounces makes sure of each")
		}
		if e.PerMinute == 0 {
			d.note("warn", what, "%s sends as fast as its server takes it: set per_minute where the provider limits it", set.Account)
		}
	}
}

// longestLeaving is how long the local part of a mailbox may be, that its address of unsubscribing has room for its token.
const longestLeaving = 64 - 1 - 42

// list is a mailing list by its word.
func (s Settings) list(id string) (campaign.List, error) {
	all := s.lists()
	i := slices.IndexFunc(all, func(l campaign.List) bool { return l.ID == id })
	if i < 0 {
		return campaign.List{}, fmt.Errorf("there is no list %q; the settings have: %s", id, strings.Join(slices.Sorted(maps.Keys(s.Lists)), ", "))
	}
	return all[i], nil
}
