package chat

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"sportello/channels"
	"sportello/channels/socket"
)

// Server is the chat adapter for all chat accounts of this node. It is safe for concurrent use.
type Server struct {
	set      Settings
	deps     Deps
	accounts map[channels.AccountID]*Account
	up       *socket.Upgrader
	visits   *buckets // by network
	messages *buckets // by visitor
	replays  replays

	mu       sync.Mutex
	draining bool
	sessions map[*session]struct{}
	perIP    map[string]int
	perID    map[string]int // by account and visitor
	work     sync.WaitGroup // goroutines of sessions that bring pushes to the browser
}

// New checks the settings and returns a Server. It starts nothing.
func New(set Settings, deps Deps) (*Server, error) {
	set, err := set.withDefaults()
	if err != nil {
		return nil, err
	}
	if deps.Sink == nil || deps.Record == nil || deps.Bus == nil || deps.Presence == nil || deps.Log == nil || deps.Now == nil || deps.First == nil {
		return nil, errors.New("chat: sink, record, bus, presence, log, clock and First are required")
	}
	if deps.ClientIP == nil {
		deps.ClientIP = remoteIP
	}
	s := &Server{
		set: set, deps: deps,
		accounts: map[channels.AccountID]*Account{},
		visits:   newBuckets(set.Limits.VisitsPerMin, time.Minute/time.Duration(set.Limits.VisitsPerMin)),
		messages: newBuckets(set.Limits.Messages, set.Limits.MessageEvery),
		sessions: map[*session]struct{}{}, perIP: map[string]int{}, perID: map[string]int{},
	}
	for i := range set.Accounts {
		a := &set.Accounts[i]
		if s.accounts[a.ID] != nil {
			return nil, errors.New("chat: account " + string(a.ID) + " is configured twice")
		}
		s.accounts[a.ID] = a
	}
	s.up = socket.NewUpgrader(socket.Options{
		Origin: func(*http.Request) bool { return true }, // the handler has asked already, with the account at hand
		Beat:   func() []byte { return outFrame{T: outBeat}.encode(deps.Now()) },
		Log:    deps.Log,
	})
	return s, nil
}

// Run waits for ctx to end and then drains: no new connections, every open one is told to go elsewhere, and Run returns when all of
// them are gone and what they had begun is finished. A connection that does not answer takes some seconds.
func (s *Server) Run(ctx context.Context) error {
	<-ctx.Done()
	s.mu.Lock()
	s.draining = true
	open := make([]*session, 0, len(s.sessions))
	for ss := range s.sessions {
		open = append(open, ss)
	}
	s.mu.Unlock()
	for _, ss := range open {
		ss.conn.Close(socket.Drain)
	}
	for _, ss := range open {
		<-ss.conn.Done()
	}
	s.work.Wait()
	return nil
}

// Sockets returns how many connections are open.
func (s *Server) Sockets() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions)
}

// admit makes room for a connection of a network. It reports whether there is room.
func (s *Server) admit(net string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining || len(s.sessions) >= s.set.Limits.Sockets || s.perIP[net] >= s.set.Limits.PerIP {
		return false
	}
	s.perIP[net]++
	return true
}

// release gives back what admit took.
func (s *Server) release(net string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.perIP[net]--; s.perIP[net] <= 0 {
		delete(s.perIP, net)
	}
}

// add registers an upgraded connection. It reports false if the server began to drain meanwhile.
func (s *Server) add(ss *session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return false
	}
	s.sessions[ss] = struct{}{}
	return true
}

// join counts a connection for its visitor. It reports whether the visitor may have one more.
func (s *Server) join(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.perID[key] >= s.set.Limits.PerVisitor {
		return false
	}
	s.perID[key]++
	return true
}

// leave undoes join and reports whether it was the visitor's last connection on this node.
func (s *Server) leave(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.perID[key]--; s.perID[key] > 0 {
		return false
	}
	delete(s.perID, key)
	return true
}

// remove forgets a connection that has ended.
func (s *Server) remove(ss *session) {
	s.release(ss.net)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, ss)
}
