package channeltest

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
)

// DNS is a resolver with the records that a test gives it. Names are in lower case without a final dot. What it does not have does not
// exist; a name in Broken has no answer; one in Silent is waited for until the context ends. Asked counts the questions.
type DNS struct {
	TXT    map[string][]string
	MX     map[string][]string
	Hosts  map[string][]string // name to addresses of both families
	Names  map[string][]string // address to names
	Broken map[string]bool
	Silent map[string]bool
	Asked  atomic.Int64
}

func (d *DNS) ask(ctx context.Context, name string) error {
	d.Asked.Add(1)
	if d.Silent[name] {
		<-ctx.Done()
		return ctx.Err()
	}
	if d.Broken[name] {
		return &net.DNSError{Err: "server failure", Name: name, IsTemporary: true}
	}
	return ctx.Err()
}

func answer(name string, found []string) ([]string, error) {
	if len(found) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	return found, nil
}

// LookupTXT finds text records.
func (d *DNS) LookupTXT(ctx context.Context, name string) ([]string, error) {
	name = dnsName(name)
	if err := d.ask(ctx, name); err != nil {
		return nil, err
	}
	return answer(name, d.TXT[name])
}

// LookupMX finds mail exchangers.
func (d *DNS) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	name = dnsName(name)
	if err := d.ask(ctx, name); err != nil {
		return nil, err
	}
	found, err := answer(name, d.MX[name])
	var all []*net.MX
	for i, host := range found {
		all = append(all, &net.MX{Host: host + ".", Pref: uint16(i)}) //nolint:gosec // a test has few
	}
	return all, err
}

// LookupNetIP finds addresses of one family ("ip4", "ip6") or of both ("ip").
func (d *DNS) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	host = dnsName(host)
	if err := d.ask(ctx, host); err != nil {
		return nil, err
	}
	var all []netip.Addr
	for _, text := range d.Hosts[host] {
		a := netip.MustParseAddr(text)
		if network == "ip" || (network == "ip4") == a.Is4() {
			all = append(all, a)
		}
	}
	if len(all) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return all, nil
}

// LookupAddr finds the names of an address.
func (d *DNS) LookupAddr(ctx context.Context, addr string) ([]string, error) {
	if err := d.ask(ctx, addr); err != nil {
		return nil, err
	}
	return answer(addr, d.Names[addr])
}

func dnsName(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }
