package email

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"sportello/channels/channeltest"
)

func TestSuite(t *testing.T) {
	channeltest.Suite(t, func(t *testing.T, p channeltest.Parts) channeltest.Adapter {
		server := startMail(t, channeltest.MailOptions{})
		mail := func(n int) []byte {
			return written(fmt.Sprintf("m%d@example.test", n), "Domanda", fmt.Sprint("numero ", n))
		}
		return channeltest.Adapter{
			Start: func() (stop func()) {
				ctx, cancel := context.WithCancel(context.Background())
				done := make(chan struct{})
				a := New(configFor(server), Deps{Sink: p.Sink, Vault: p.Vault, Bookmarks: p.Bookmarks})
				go func() { defer close(done); a.Run(ctx) }()
				return func() { cancel(); <-done }
			},
			Deliver: func(n int) { deliver(t, server, mail(n)) },
			Again:   func(n int) { deliver(t, server, mail(n)) },
			Acknowledged: func(n int) bool {
				value, err := p.Bookmarks.Load(context.Background(), "mail1", "imap/INBOX")
				if err != nil || value == "" {
					return false
				}
				var pos position
				if err := json.Unmarshal([]byte(value), &pos); err != nil {
					t.Fatal(err)
				}
				return pos.UID >= uint32(n)
			},
		}
	})
}
