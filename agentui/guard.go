package agentui

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"sportello/agentui/wire"
	"sportello/router/roster"
)

// Every request of the API passes, in this order: outermost (its id, panics, headers), endpoint (time limit, session, proof that our
// own page sent it, answer), and only then the endpoint itself.

// answerIn is how long an endpoint may take. The browser gives up later.
const answerIn = 20 * time.Second

// outermost gives each request an id and the headers that every answer carries, and turns a panic into a 500.
func (s *Server) outermost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := rand.Text()
		h := w.Header()
		h.Set("X-Request-Id", id)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		if r.TLS != nil || strings.HasPrefix(s.set.Public, "https://") {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		rec := &recorder{ResponseWriter: w}
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler {
				panic(p)
			}
			s.Log.Error("request panicked", "request", id, "method", r.Method, "panic", p, "stack", string(debug.Stack()))
			if rec.code == 0 {
				s.fail(rec, wire.Problem{Status: http.StatusInternalServerError, Code: "internal"}, nil)
			}
		}()
		next.ServeHTTP(rec, r)
	})
}

// endpoint wraps one endpoint. staff says that somebody must be signed in.
func (s *Server) endpoint(pattern string, staff bool, do endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := s.Now()
		w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		ctx, cancel := context.WithTimeout(r.Context(), answerIn)
		defer cancel()
		c := &call{w: w, r: r.WithContext(ctx), ctx: ctx}
		var answer any
		err := s.admit(c, staff)
		if err == nil {
			answer, err = do(c)
		}
		s.answer(c, answer, err)
		code := http.StatusOK
		if rec, ok := w.(*recorder); ok && rec.code != 0 {
			code = rec.code
		}
		s.met.observe(pattern, code, s.Now().Sub(start))
	})
}

// admit finds out who calls, and refuses who must not.
func (s *Server) admit(c *call, staff bool) error {
	if s.cross.Check(c.r) != nil {
		return errForeign
	}
	ctx, sess, ok, err := s.Sessions.Load(c.w, c.r)
	c.ctx, c.r, c.session = ctx, c.r.WithContext(ctx), sess
	if err != nil || !staff {
		return err
	}
	if !ok {
		return errUnauth
	}
	c.me, err = s.Roster.Agent(ctx, sess.Agent)
	switch {
	case errors.Is(err, roster.ErrUnknown) || err == nil && !c.me.DisabledAt.IsZero():
		return errUnauth
	case err != nil:
		return err
	case command(c.r.Method) && !sess.SameCSRF(c.r.Header.Get("X-CSRF-Token")):
		return errForeign
	}
	return nil
}

// command reports whether a method changes something.
func command(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}

// answer writes what an endpoint returned.
func (s *Server) answer(c *call, answer any, err error) {
	if err != nil {
		p, body := problem(err)
		if p.Status >= 500 {
			s.Log.Error("request failed", "request", c.w.Header().Get("X-Request-Id"), "path", c.r.Pattern, "err", err)
		}
		s.fail(c.w, p, body)
		return
	}
	switch a := answer.(type) {
	case streamed:
	case nil:
		c.w.WriteHeader(http.StatusNoContent)
	case status:
		err = write(c.w, a.code, "application/json", a.body)
	default:
		err = write(c.w, http.StatusOK, "application/json", a)
	}
	if err != nil {
		s.answer(c, nil, err)
	}
}

// fail answers with a problem and the members of body beside it.
func (s *Server) fail(w http.ResponseWriter, p wire.Problem, body any) {
	if p.Status == http.StatusServiceUnavailable && w.Header().Get("Retry-After") == "" {
		w.Header().Set("Retry-After", "1")
	}
	members, err := merge(p, body)
	if err == nil {
		err = write(w, p.Status, "application/problem+json", members)
	}
	if err != nil {
		s.Log.Error("problem not encoded", "err", err)
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// merge is the members of several objects in one.
func merge(objects ...any) (map[string]json.RawMessage, error) {
	out := map[string]json.RawMessage{}
	for _, o := range objects {
		if o == nil {
			continue
		}
		data, err := json.Marshal(complete(o))
		if err == nil {
			err = json.Unmarshal(data, &out)
		}
		if err != nil {
			return nil, fmt.Errorf("encode problem: %w", err)
		}
	}
	return out, nil
}

// remote is the address of the connection's other end.
func remote(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
