package receive

import (
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// gate lets in whom the settings allow, and no more at a time than there is room for. By a socket in the file system comes whoever may
// open it.
type gate struct {
	net.Listener
	networks []netip.Prefix
	most     int
	log      *slog.Logger

	mu   sync.Mutex
	open map[*conn]struct{}
	shut bool
}

// Accept implements net.Listener.
func (g *gate) Accept() (net.Conn, error) {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if !g.allowed(c.RemoteAddr()) {
			g.log.Warn("connection from outside the allowed networks was refused")
			refuse(c, "554 5.7.1 Not from there\r\n")
			continue
		}
		if let := g.enter(c); let != nil {
			return let, nil
		}
		refuse(c, "421 4.3.2 Too many connections, try again later\r\n")
	}
}

func (g *gate) allowed(from net.Addr) bool {
	tcp, ok := from.(*net.TCPAddr)
	if !ok {
		return true
	}
	addr, ok := netip.AddrFromSlice(tcp.IP)
	return ok && slices.ContainsFunc(g.networks, func(p netip.Prefix) bool { return p.Contains(addr.Unmap()) })
}

// enter counts a connection in, nil when there is no room.
func (g *gate) enter(c net.Conn) net.Conn {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut || len(g.open) >= g.most {
		return nil
	}
	let := &conn{Conn: c, gate: g}
	g.open[let] = struct{}{}
	return let
}

// cut ends every connection.
func (g *gate) cut() {
	g.mu.Lock()
	g.shut = true
	all := g.open
	g.open = nil
	g.mu.Unlock()
	for c := range all {
		c.Conn.Close()
	}
}

// refuse says why in one line, and hangs up.
func refuse(c net.Conn, why string) {
	if c.SetWriteDeadline(time.Now().Add(time.Second)) == nil {
		_, _ = c.Write([]byte(why)) // whoever does not listen is not told
	}
	_ = c.Close()
}

// conn counts itself out.
type conn struct {
	net.Conn
	gate *gate
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.gate.mu.Lock()
	delete(c.gate.open, c)
	c.gate.mu.Unlock()
	return c.Conn.Close()
}
