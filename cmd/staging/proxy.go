package staging

import (
	"bytes"
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
	tears tears // how many connections are still to be torn
	mutes tears // how many are still to be cut before an answer
	work  sync.WaitGroup
}

// tears are connections that are to be broken when something is said on them.
type tears struct {
	at   []byte
	left int
}

// take reports where something is said for which a connection is to be broken; -1 for nowhere.
func (t *tears) take(said []byte) int {
	if t.left == 0 {
		return -1
	}
	at := bytes.Index(said, t.at)
	if at >= 0 {
		t.left--
	}
	return at
}

// pair is one connection through the proxy.
type pair struct {
	client, server net.Conn
	frozen         chan struct{} // closed: nothing is forwarded any more, not even the end
	closed         chan struct{}
	once, ice      sync.Once
	muted          bool   // with the next word of the server the connection ends; guarded by the proxy's lock, as is
	tail           []byte // the end of what the client has said, in which the words to be muted at may begin
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

// Tear breaks n connections in the middle of what the server says after these words, each once it says them.
func (p *Proxy) Tear(n int, words string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tears = tears{[]byte(words), n}
}

// Mute cuts n connections after the client has said these words, when the server answers, and keeps the answer.
func (p *Proxy) Mute(n int, words string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mutes = tears{[]byte(words), n}
}

// hear looks at what is said by the client, or by the server. It returns what of it is to be passed on, and whether the connection is to
// be cut then.
func (p *Proxy) hear(c *pair, said []byte, byServer bool) (pass []byte, cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !byServer {
		all := append(c.tail, said...)
		c.muted = c.muted || p.mutes.take(all) >= 0
		c.tail = bytes.Clone(all[max(0, len(all)-max(0, len(p.mutes.at)-1)):])
		return said, false
	}
	if c.muted {
		return nil, true
	}
	if at := p.tears.take(said); at >= 0 {
		words := at + len(p.tears.at)
		return said[:words+(len(said)-words)/2], true
	}
	return said, false
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
	both.Go(func() { p.forward(c, client, server) })
	both.Go(func() { p.forward(c, server, client) })
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
func (p *Proxy) forward(c *pair, from, to net.Conn) {
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
		pass, cut := p.hear(c, buf[:n], from == c.server)
		if len(pass) > 0 {
			if _, failed := to.Write(pass); failed != nil {
				err = failed
			}
		}
		if err != nil || cut {
			c.close()
			return
		}
	}
}
