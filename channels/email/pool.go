package email

import (
	"context"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

const (
	idleMost = 2                // connections kept for the next mail
	idleFor  = 20 * time.Second // servers end idle ones after a minute or more
)

// pool keeps SMTP connections for a moment after they have served, so that mails in a row share a sign-in. A connection that failed in
// any way is not kept, nor is one whose deadline has closed it.
type pool struct {
	mu   sync.Mutex
	idle []*idleClient // oldest first
}

type idleClient struct {
	client *smtp.Client
	end    *time.Timer
}

// take returns the connection that served last, if it still answers, or nil.
func (p *pool) take(ctx context.Context) *smtp.Client {
	for {
		p.mu.Lock()
		n := len(p.idle) - 1
		if n < 0 {
			p.mu.Unlock()
			return nil
		}
		kept := p.idle[n]
		p.idle = p.idle[:n]
		p.mu.Unlock()
		if !kept.end.Stop() {
			continue // its time is over this very moment
		}
		c := kept.client
		stop := context.AfterFunc(ctx, func() { c.Close() })
		c.CommandTimeout = probeTimeout
		err := c.Noop()
		c.CommandTimeout = smtpTimeout
		if stop() && err == nil {
			return c
		}
		c.Close()
	}
}

// probeTimeout is how long a kept connection may take to show that it lives.
const probeTimeout = 3 * time.Second

// keep takes a connection that has just served. What is over idleMost is ended.
func (p *pool) keep(c *smtp.Client) {
	kept := &idleClient{client: c}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) >= idleMost {
		c.Close()
		return
	}
	kept.end = time.AfterFunc(idleFor, func() {
		p.drop(kept)
		quit(c)
	})
	p.idle = append(p.idle, kept)
}

func (p *pool) drop(kept *idleClient) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, k := range p.idle {
		if k == kept {
			p.idle = append(p.idle[:i], p.idle[i+1:]...)
			return
		}
	}
}

// clear ends every kept connection.
func (p *pool) clear() {
	p.mu.Lock()
	idle := p.idle
	p.idle = nil
	p.mu.Unlock()
	for _, kept := range idle {
		if kept.end.Stop() {
			quit(kept.client)
		}
	}
}

// quit says goodbye, briefly.
func quit(c *smtp.Client) {
	c.CommandTimeout = probeTimeout
	_ = c.Quit()
	c.Close()
}
