package agentui

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sportello/agentui/wire"
	"sportello/inbox"
	"sportello/router/roster"
)

// signIn checks an address and a password.
func (s *Server) signIn(c *call) (any, error) {
	var in wire.SignIn
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	address, place := strings.ToLower(strings.TrimSpace(in.Email)), s.ClientIP(c.r)
	if len(address) > 254 {
		return nil, roster.ErrCredentials
	}
	if left := s.throttle.try(c.ctx, address, place); left > 0 {
		c.w.Header().Set("Retry-After", strconv.Itoa(int(left.Seconds())+1))
		return nil, refuse(http.StatusTooManyRequests, "too_many")
	}
	agent, err := s.Roster.Check(c.ctx, address, in.Password)
	if errors.Is(err, roster.ErrCredentials) {
		s.Log.Info("sign-in refused")
		return nil, err
	}
	if err != nil {
		s.throttle.undecided(c.ctx, address, place)
		return nil, err
	}
	s.throttle.passed(c.ctx, address, place)
	return s.begin(c, agent)
}

// begin signs an agent in.
func (s *Server) begin(c *call, agent roster.Agent) (any, error) {
	old := c.session.ID
	sess, err := s.Sessions.SignIn(c.ctx, c.w, agent.ID)
	if err != nil {
		return nil, err
	}
	if old != "" {
		s.Hub.Ended(old)
	}
	s.Log.Info("signed in", "agent", agent.ID)
	c.me, c.session = agent, sess
	return s.me(c)
}

// me says who is signed in.
func (s *Server) me(c *call) (any, error) {
	return wire.Me{
		Agent: c.me.ID, Name: c.me.Name, Email: c.me.Email, Role: string(c.me.Role), Locale: c.me.Locale,
		Demo: slices.Contains(s.set.Demo, c.me.ID), CSRF: c.session.CSRF,
	}, nil
}

// signOut ends the session and its sockets.
func (s *Server) signOut(c *call) (any, error) {
	if err := s.Sessions.SignOut(c.ctx, c.w); err != nil {
		return nil, err
	}
	s.Hub.Ended(c.session.ID)
	return nil, nil
}

// demoPeople lists whom one click signs in.
func (s *Server) demoPeople(c *call) (any, error) {
	if len(s.set.Demo) == 0 {
		return nil, errNotFound
	}
	people := make([]wire.DemoPerson, 0, len(s.set.Demo))
	for _, id := range s.set.Demo {
		a, err := s.Roster.Agent(c.ctx, id)
		if err != nil {
			return nil, err
		}
		people = append(people, wire.DemoPerson{Agent: a.ID, Name: a.Name, Role: string(a.Role)})
	}
	return people, nil
}

// demoSignIn signs one of the demo's people in, without a password.
func (s *Server) demoSignIn(c *call) (any, error) {
	var in wire.DemoSignIn
	if len(s.set.Demo) == 0 {
		return nil, errNotFound
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if !slices.Contains(s.set.Demo, in.Agent) {
		return nil, errNotFound
	}
	a, err := s.Roster.Agent(c.ctx, in.Agent)
	if err != nil {
		return nil, err
	}
	if !a.DisabledAt.IsZero() {
		return nil, errNotFound
	}
	return s.begin(c, a)
}

// socket hands the connection to the hub.
func (s *Server) socket(c *call) (any, error) {
	s.Hub.Serve(c.w, c.r, c.me, c.session.ID)
	return streamed{}, nil
}

// names are the agents' names by id.
func (s *Server) names(c *call) (map[inbox.AgentID]string, error) {
	agents, err := s.Roster.Agents(c.ctx)
	if err != nil {
		return nil, err
	}
	out := make(map[inbox.AgentID]string, len(agents))
	for _, a := range agents {
		out[a.ID] = a.Name
	}
	return out, nil
}
