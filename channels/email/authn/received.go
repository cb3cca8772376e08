package authn

import (
	"context"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// envelope completes who handed a mail over. A client from outside is that, whatever the mail says of its way. When it was a server of
// our own, or is not known from the connection, it is read from the Received fields of our own servers: from the topmost down, as long
// as each was written by one of them, to the first that took the mail from outside.
func (c Checker) envelope(ctx context.Context, m Mail) Mail {
	if m.Peer = m.Peer.Unmap(); c.Outside(ctx, m.Peer) {
		return m
	}
	m.Peer, m.Hello = netip.Addr{}, ""
	for _, field := range m.Header.All("received") {
		by := receivedBy.FindStringSubmatch(field)
		if by == nil || !slices.ContainsFunc(c.Relays, func(r string) bool { return strings.EqualFold(r, strings.TrimSuffix(by[1], ".")) }) {
			return m
		}
		from := receivedFrom.FindStringSubmatch(field)
		if from == nil {
			continue // handed over within our own server
		}
		peer, err := netip.ParseAddr(strings.TrimPrefix(strings.ToLower(from[2]), "ipv6:"))
		if err != nil || inside(peer.Unmap()) {
			continue
		}
		m.Peer, m.Hello = peer.Unmap(), from[1]
		if paths := m.Header.All("return-path"); len(paths) > 0 {
			m.Sender = strings.Trim(paths[0], "<> \t")
		}
		return m
	}
	return m
}

// Outside reports whether a client that hands a mail over by SMTP is not one of our own servers. Nothing that his mail says of its way and
// of its checks was written by us. Of a client that is not known it is false.
func (c Checker) Outside(ctx context.Context, peer netip.Addr) bool {
	return peer.IsValid() && !c.ours(ctx, peer.Unmap())
}

// ours reports whether a client is a mail server of our own: one inside our network, or one of Relays by its addresses.
func (c Checker) ours(ctx context.Context, peer netip.Addr) bool {
	return inside(peer) || c.Resolver != nil && slices.ContainsFunc(c.Relays, func(relay string) bool {
		found, err := c.Resolver.LookupNetIP(ctx, "ip", relay)
		return err == nil && slices.ContainsFunc(found, func(a netip.Addr) bool { return a.Unmap() == peer })
	})
}

// inside reports whether an address is of a network that nobody reaches from outside, of which no SPF record speaks.
func inside(a netip.Addr) bool { return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() }

// A Received field begins "from HELLO (NAME [ADDRESS]) by HOST" (RFC 5321 section 4.4). The address in brackets is what the server saw,
// the first name is what the other side said.
var (
	receivedFrom = regexp.MustCompile(`(?i)^\s*from\s+(\S+)\s+\([^()]*?\[([0-9a-f:.]+|IPv6:[0-9a-f:.]+)\][^()]*\)`)
	receivedBy   = regexp.MustCompile(`(?i)(?:^|\s)by\s+([^\s;()]+)`)
)
