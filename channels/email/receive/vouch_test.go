package receive_test

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"testing"

	"sportello/channels"
	"sportello/channels/channeltest"
	"sportello/channels/email"
	"sportello/channels/email/authn"
	"sportello/channels/email/receive"
)

// seen is a listener whose clients seem to come from an address.
type seen struct {
	net.Listener
	at net.Addr
}

func (l seen) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return seenConn{c, l.at}, err
}

type seenConn struct {
	net.Conn
	at net.Addr
}

func (c seenConn) RemoteAddr() net.Addr { return c.at }

// E-46: by SMTP the client itself is judged, whatever the mail says of its way; by LMTP, and by a server of our own, it is what our server
// saw.
func TestE46TheClientIsJudged(t *testing.T) {
	const good, bad, ownPublic = "192.0.2.5", "203.0.113.9", "198.51.100.4"
	forged := "Received: from out.example.test (out.example.test [" + good + "]) by mx.sportello.test; Mon, 2 Mar 2026 10:00:00 +0100\r\n"
	verdict := "Authentication-Results: mx.sportello.test; dmarc=pass header.from=example.test\r\n"
	signed := "Authentication-Results: mx.sportello.test; dkim=pass header.d=example.test\r\n"
	for _, c := range []struct {
		name       string
		protocol   receive.Protocol
		peer       string
		head       string
		from       string
		spf, dmarc string
	}{
		{"direct", receive.SMTP, good, "", "b@example.test", authn.Pass, authn.Pass},
		{"direct from elsewhere", receive.SMTP, bad, forged, "b@example.test", authn.Fail, authn.Fail},
		{"direct, with a verdict of his own", receive.SMTP, bad, verdict, "b@example.test", authn.Fail, authn.Fail},
		{"direct, with results of his own", receive.SMTP, bad, signed, "b@example.test", authn.Fail, authn.Fail},
		{"our relay's results", receive.SMTP, ownPublic, signed, "b@example.test", "", authn.Pass},
		{"our relay's verdict", receive.SMTP, ownPublic, verdict, "b@example.test", "", authn.Pass},
		{"direct by IPv6", receive.SMTP, "2001:db8::5", "", "b@example.test", authn.Pass, authn.Pass},
		{"a report's null sender", receive.SMTP, good, "", "", authn.Pass, authn.Pass},
		{"our relay at a public address", receive.SMTP, ownPublic, forged, "b@example.test", authn.Pass, authn.Pass},
		{"our relay inside", receive.SMTP, "127.0.0.1", forged, "b@example.test", authn.Pass, authn.Pass},
		{"our relay says nothing", receive.SMTP, "127.0.0.1", "", "b@example.test", "", authn.Fail},
		{"LMTP", receive.LMTP, bad, forged, "b@example.test", authn.Pass, authn.Pass},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &rig{}
			dns := &channeltest.DNS{
				TXT: map[string][]string{
					"example.test":        {"v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/64 -all"},
					"mail.example.test":   {"v=spf1 ip4:192.0.2.0/24 -all"},
					"_dmarc.example.test": {"v=DMARC1; p=reject"},
				},
				Hosts: map[string][]string{"mx.sportello.test": {ownPublic}},
			}
			taker := email.New(email.Config{
				Account: "mail1", Address: "support@sportello.test", SMTP: email.Server{Host: "127.0.0.1", Port: 1}, Resolver: dns,
				Relays: []string{"mx.sportello.test"}, AuthServs: []string{"mx.sportello.test"},
			}, email.Deps{Sink: &r.support, Vault: &r.vault, Bookmarks: &channeltest.MemoryBookmarks{}})
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			r.addr = l.Addr().(*net.TCPAddr)
			server := receive.New(receive.Config{
				Protocol: c.protocol, Domain: "mx.sportello.test", Routes: map[string]receive.Taker{"support@sportello.test": taker},
				Networks: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")},
			}, slog.New(slog.DiscardHandler))
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() {
				defer close(done)
				server.Run(ctx, seen{l, &net.TCPAddr{IP: net.ParseIP(c.peer), Port: 25}})
			}()
			defer func() { cancel(); <-done }()
			hello := map[receive.Protocol]string{receive.SMTP: "EHLO", receive.LMTP: "LHLO"}[c.protocol]
			k := r.talk(t)
			k.want(hello+" mail.example.test\r\nMAIL FROM:<"+c.from+">\r\nRCPT TO:<support@sportello.test>\r\nDATA\r\n", "220", "250", "250", "250", "354")
			k.want(c.head+mail("one@example.test", "x")+".\r\nQUIT\r\n", "250", "221")
			got := r.support.Inbounds()
			if len(got) != 1 || got[0].Details.Trust == nil {
				t.Fatalf("%+v", got)
			}
			if trust := got[0].Details.Trust; trust.SPF != c.spf || trust.DMARC != c.dmarc || (got[0].Proof == channels.ProofProvider) != (c.dmarc == authn.Pass) {
				t.Errorf("%+v, proof %v", trust, got[0].Proof)
			}
		})
	}
}
