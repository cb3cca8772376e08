package agentui

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/customer"
	"sportello/inbox/inboxtest"
)

// E-53, RFC 8058: looking changes nothing, one POST without a cookie does, without a redirect; strange links say so in the reader's language.
func TestE53Unsubscribing(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	conv, err := r.ledger.Conversation(t.Context(), inbox.ConversationID(r.mail("cliente@example.it", "x", nil).Conversation))
	if err != nil {
		t.Fatal(err)
	}
	link := r.leave.Link(conv.Customer, "news.negozio.example").URL
	path := link[strings.Index(link, "/u/"):]
	ask := func(method, path, language string) (int, string, http.Header) {
		req, err := http.NewRequestWithContext(t.Context(), method, r.srv.URL+path, strings.NewReader("List-Unsubscribe=One-Click"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept-Language", language)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", "https://mail.provider.example")
		client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(body), res.Header
	}
	withdrawn := func() bool {
		c, err := r.book.Read(t.Context(), conv.Customer)
		if err != nil {
			t.Fatal(err)
		}
		return customer.Objection(c, customer.Option{Kind: channels.Email, Address: "cliente@example.it"}, customer.Marketing, "news.negozio.example") == customer.CodeConsentWithdrawn
	}
	for _, method := range []string{"GET", "HEAD"} {
		code, body, h := ask(method, path, "it-IT,it;q=0.9")
		if code != 200 || withdrawn() || method == "GET" && !strings.Contains(body, `<form method="post">`) || !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: %d %v\n%s", method, code, withdrawn(), body)
		}
	}
	for range 2 {
		if code, body, _ := ask("POST", path, "en"); code != 200 || !withdrawn() || !strings.Contains(body, "Done") || strings.Contains(body, "<form") {
			t.Errorf("%d %s", code, body)
		}
	}
	for _, c := range []struct{ method, language, words string }{{"GET", "it", "non è valido"}, {"POST", "fr", "not valid"}} {
		if code, body, _ := ask(c.method, "/u/AAAA", c.language); code != 404 || !strings.Contains(body, c.words) {
			t.Errorf("%d %s", code, body)
		}
	}
	if code, _, h := ask("DELETE", path, ""); code != 405 || h.Get("Allow") == "" {
		t.Errorf("%d", code)
	}
}
