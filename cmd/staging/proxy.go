package staging

import (
	"net"
	"sync"
)

// Proxy carries TCP connections to the first of its backends that answers, each time beginning with the next one. It can be made to fail
// as networks do.
type Proxy struct {
	listener net.Listener
	backends []string

	mu    sync.Mutex
	next  int
	down  bool
	pairs map[*pair]bool
	work  sync.WaitGroup
}

// pair is one connection through the proxy.
type pair struct {
	client, server net.Conn
	frozen         chan struct{} // closed: nothing is forwarded any more, not even the end
	closed         chan struct{}
	once, ice      sync.Once
}

// NewProxy listens on a free loopback address. It serves until Close.
func NewProxy(backends ...string) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: l, backends: backends, pairs: map[*pair]bool{}}
	p.work.Go(p.serve)
	return p, nil
}

// Address is host:port of the proxy.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// SetDown cuts every connection and lets none in, until it is called with false.
func (p *Proxy) SetDown(down bool) {
	p.mu.Lock()
	p.down = down
	p.mu.Unlock()
	if down {
		p.cut()
	}
}

// Freeze makes every second connection of now half-open: neither side hears from the other again, or of its end. It returns how many.
func (p *Proxy) Freeze() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	odd := false
	for c := range p.pairs {
		if odd = !odd; odd {
			c.ice.Do(func() { close(c.frozen) })
			n++
		}
	}
	return n
}

// Close cuts everything.
func (p *Proxy) Close() {
	_ = p.listener.Close() // there is nobody to tell
	p.cut()
	p.work.Wait()
}

func (p *Proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.pairs {
		c.close()
	}
}

func (p *Proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			p.cut()
			return
		}
		p.work.Go(func() { p.carry(client) })
	}
}

func (p *Proxy) carry(client net.Conn) {
	server := p.dial()
	if server == nil {
		_ = client.Close() // nobody is there
		return
	}
	c := &pair{client: client, server: server, frozen: make(chan struct{}), closed: make(chan struct{})}
	p.mu.Lock()
	down := p.down
	p.pairs[c] = true
	p.mu.Unlock()
	if down {
		c.close()
	}
	var both sync.WaitGroup
	both.Go(func() { c.forward(client, server) })
	both.Go(func() { c.forward(server, client) })
	both.Wait()
	p.mu.Lock()
	delete(p.pairs, c)
	p.mu.Unlock()
}

// dial connects to a backend; nil when none answers.
func (p *Proxy) dial() net.Conn {
	p.mu.Lock()
	first, down := p.next, p.down
	p.next++
	p.mu.Unlock()
	if down {
		return nil
	}
	for i := range p.backends {
		if conn, err := net.Dial("tcp", p.backends[(first+i)%len(p.backends)]); err == nil {
			return conn
		}
	}
	return nil
}

func (c *pair) close() {
	c.once.Do(func() {
		close(c.closed)
		_ = c.client.Close() // both ends are given up
		_ = c.server.Close()
	})
}

// forward copies until one side ends. A frozen pair holds on to the other side for ever.
func (c *pair) forward(from, to net.Conn) {
	buf := make([]byte, 16<<10)
	for {
		n, err := from.Read(buf)
		select {
		case <-c.frozen:
			if err != nil {
				<-c.closed
				return
			}
			continue
		default:
		}
		if n > 0 {
			if _, failed := to.Write(buf[:n]); failed != nil {
				err = failed
			}
		}
		if err != nil {
			c.close()
			return
		}
	}
}
