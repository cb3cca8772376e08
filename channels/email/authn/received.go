package authn

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// envelope completes who handed a mail over. What is not known from the connection is read from the Received fields of our own servers:
// from the topmost down, as long as each was written by one of them, to the first that took the mail from outside.
func (c Checker) envelope(m Mail) Mail {
	if m.Peer.IsValid() || len(c.Relays) == 0 {
		return m
	}
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
		if err != nil || peer.IsLoopback() || peer.IsPrivate() || peer.IsLinkLocalUnicast() {
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

// A Received field begins "from HELLO (NAME [ADDRESS]) by HOST" (RFC 5321 section 4.4). The address in brackets is what the server saw,
// the first name is what the other side said.
var (
	receivedFrom = regexp.MustCompile(`(?i)^\s*from\s+(\S+)\s+\([^()]*?\[([0-9a-f:.]+|IPv6:[0-9a-f:.]+)\][^()]*\)`)
	receivedBy   = regexp.MustCompile(`(?i)(?:^|\s)by\s+([^\s;()]+)`)
)
