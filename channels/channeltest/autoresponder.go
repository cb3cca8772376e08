package channeltest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"sportello/channels/email/field"
)

// Autoresponder is a mailbox of a MailServer whose program answers every mail at once, as badly made ones do: in a new mail to whoever
// stands in From, without a single field that tells it from a person's.
type Autoresponder struct {
	Server  *MailServer
	Address string             // its mailbox, which exists
	Text    func(n int) string // of its nth answer, from 0; nil says the same each time
}

// Run answers until ctx ends. A mail that lies there already is answered too.
func (r Autoresponder) Run(ctx context.Context) error {
	for n := 0; ; {
		r.Server.mu.Lock()
		changed := r.Server.changed
		r.Server.mu.Unlock()
		for mails := r.Server.Mails(r.Address); n < len(mails); n++ {
			if err := r.answer(n, mails[n]); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
	}
}

func (r Autoresponder) answer(n int, m Mail) error {
	h, _ := field.Split(m.Raw)
	to, _ := field.From(h.All("from"))
	if to.Value == "" {
		return nil
	}
	text := "I have seen your message and shall look at it one day. Kind regards"
	if r.Text != nil {
		text = r.Text(n)
	}
	raw := fmt.Sprintf("From: Robot <%s>\nTo: <%s>\nSubject: Your message\nDate: %s\nMessage-ID: <answer%d.%d@robot.example>\n\n%s\n",
		r.Address, to.Value, r.Server.now().UTC().Format(time.RFC1123Z), n, r.Server.now().UnixNano(), text)
	return r.Server.Deliver(r.Address, to.Value, []byte(strings.ReplaceAll(raw, "\n", "\r\n")))
}
