package agentui

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sportello/agentui/wire"
	"sportello/channels"
	"sportello/inbox/customer"
	"sportello/inbox/inboxtest"
)

// E-53: an agent sees the lists with what decides and who noted it, takes a customer off one at once, and puts him on one only with the
// reason; a list that the house does not have any more can be left, and not be joined.
func TestE53SubscriptionsInTheConsole(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	b := r.as("anna")
	conv := r.mine("anna", "cliente@example.it")
	path := "/api/customers/" + string(conv.Customer) + "/subscriptions"
	if err := r.book.Consent(t.Context(), nil, conv.Customer, customer.Consent{Kind: channels.Email, List: "vecchia", Granted: true, Source: "import", Actor: "system", At: time.Now().Add(-time.Hour)}); err != nil {
		t.Fatal(err)
	}
	var all []wire.Subscription
	look := func() {
		t.Helper()
		all = nil
		if code := b.do("GET", path, nil, &all); code != 200 || len(all) != 2 || all[0].List != "news" || all[0].Name != "Negozio News" || !all[0].Known || all[1].List != "vecchia" || all[1].Known {
			t.Fatalf("%d %+v", code, all)
		}
	}
	if look(); all[0].Subscribed || all[0].Because != nil || !all[1].Subscribed {
		t.Errorf("%+v", all)
	}
	var c customer.Customer
	for _, reason := range []string{"", "  "} {
		if code := b.do("PUT", path+"/news", wire.Subscribe{Subscribed: true, Reason: reason}, nil); code != 422 {
			t.Errorf("without a reason: %d", code)
		}
	}
	if code := b.do("PUT", path+"/news", wire.Subscribe{Subscribed: true, Reason: "lo ha chiesto al telefono"}, &c); code != 200 || len(c.Consents) != 2 {
		t.Errorf("%d %+v", code, c.Consents)
	}
	if look(); !all[0].Subscribed || all[0].Because.Source != "agent" || all[0].Because.Wording != "lo ha chiesto al telefono" || all[0].By == "" {
		t.Errorf("%+v", all[0])
	}
	for _, list := range []string{"news", "vecchia"} {
		if code := b.do("PUT", path+"/"+list, wire.Subscribe{}, &c); code != 200 {
			t.Errorf("%s: %d", list, code)
		}
	}
	if look(); all[0].Subscribed || all[1].Subscribed {
		t.Errorf("%+v", all)
	}
	for list, in := range map[string]wire.Subscribe{"vecchia": {Subscribed: true, Reason: "x y z"}, "nessuna": {}} {
		if code := b.do("PUT", path+"/"+list, in, nil); code != 404 {
			t.Errorf("%s: %d", list, code)
		}
	}
}

// E-53: the page of a list names it, and ends it alone or all commercial mail with it, as its reader wishes.
func TestE53PageEndsOneListOrAll(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	conv := r.mine("anna", "cliente@example.it")
	link := r.leave.Link(conv.Customer, "news").URL
	at := r.srv.URL + link[strings.Index(link, "/u/"):]
	ends := func(list string) bool {
		c, err := r.book.Read(t.Context(), conv.Customer)
		if err != nil {
			t.Fatal(err)
		}
		return customer.Objection(c, customer.Option{Kind: channels.Email, Address: "cliente@example.it"}, customer.Marketing, list) == customer.CodeConsentWithdrawn
	}
	page := func(res *http.Response, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatal(res.StatusCode, err)
		}
		return string(body)
	}
	if body := page(http.Get(at)); !strings.Contains(body, "Negozio News") || !strings.Contains(body, `name="all"`) || ends("news") {
		t.Error(body)
	}
	if body := page(http.PostForm(at, url.Values{})); !strings.Contains(body, "Negozio News") || !ends("news") || ends("altra") {
		t.Error(body)
	}
	if page(http.PostForm(at, url.Values{"all": {"1"}})); !ends("news") || !ends("altra") {
		t.Error("commercial mail is not ended")
	}
}
