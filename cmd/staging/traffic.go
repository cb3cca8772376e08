package staging

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"sportello/channels"
	"sportello/channels/channeltest"
	"sportello/channels/pause"
)

// phone is a customer who writes texts.
type phone struct {
	number   string
	provider *channeltest.Twilio
	book     *book
	n        int
}

// talk sends one text after the other until ctx ends, and now and then two at once, which are announced in any order. The provider
// announces each until it is taken; one of ten it announces again.
func (p *phone) talk(ctx, late context.Context, every time.Duration) {
	for pause.For(ctx, every/2+rand.N(every)) {
		var both sync.WaitGroup
		for range 1 + rand.N(10)/9 {
			p.n++
			text := p.book.say(channels.SMS, p.number, p.n)
			both.Go(func() { p.send(late, text) })
		}
		both.Wait()
	}
}

// send sends a text and waits until it is taken.
func (p *phone) send(late context.Context, text string) {
	sid, status, err := p.provider.Deliver(late, p.number, smsNumber, text)
	if err != nil || status/100 != 2 {
		p.book.fault("%s: the webhook answers %d at last: %v", p.number, status, err)
		return
	}
	p.book.taken(text)
	if rand.N(10) == 0 {
		_, _ = p.provider.Redeliver(late, sid) // it was taken before
	}
}

// newProvider is the SMS provider, which announces texts at base and does not give up.
func newProvider(base string) *channeltest.Twilio {
	return channeltest.NewTwilio(channeltest.TwilioConfig{
		AccountSID: smsSID, AuthToken: smsToken, Numbers: []string{smsNumber}, InboundURL: base + "/hooks/sms/" + smsAccount + "/inbound",
		Client: &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}, Retries: 1000,
		Pause: func(ctx context.Context, _ int) error { pause.For(ctx, 300*time.Millisecond); return ctx.Err() },
	})
}

// writer is a customer who writes mails, all in one thread.
type writer struct {
	address string
	server  *channeltest.MailServer
	book    *book
	n       int
}

func (w *writer) talk(ctx context.Context, every time.Duration) {
	for pause.For(ctx, every/2+rand.N(every)) {
		w.n++
		text := w.book.say(channels.Email, w.address, w.n)
		if err := w.server.Deliver(w.address, mailbox, []byte(w.mail(text))); err != nil {
			w.book.fault("%s: %v", w.address, err)
			continue
		}
		w.book.taken(text) // what the mailbox has, the gateway will fetch
	}
}

func (w *writer) mail(text string) string {
	var references string
	if w.n > 1 {
		references = fmt.Sprintf("In-Reply-To: <1.%[1]s>\r\nReferences: <1.%[1]s>\r\n", w.address)
	}
	return fmt.Sprintf("From: %[1]s\r\nTo: %[2]s\r\nSubject: Ordine\r\nDate: %[3]s\r\nMessage-ID: <%[4]d.%[1]s>\r\n%[5]sMIME-Version: 1.0\r\n"+
		"Content-Type: text/plain; charset=utf-8\r\n\r\n%[6]s\r\n", w.address, mailbox, time.Now().Format(time.RFC1123Z), w.n, references, text)
}

// heard counts the mails that arrived outside with a text, each Message-ID once: what is sent again after an unknown outcome bears the
// same, and the reader's program shows it once.
func heard(server *channeltest.MailServer, texts map[string]reply) map[string]int {
	all, seen := map[string]int{}, map[string]bool{}
	for _, m := range server.Relayed() {
		raw := string(m.Raw)
		id := raw
		if _, rest, ok := strings.Cut(strings.ToLower(raw), "\r\nmessage-id:"); ok {
			id, _, _ = strings.Cut(rest, "\r\n")
		}
		if seen[id] {
			continue
		}
		seen[id] = true
		for text := range texts {
			if strings.Contains(raw, text) {
				all[text]++
			}
		}
	}
	return all
}
