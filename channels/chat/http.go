package chat

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"

	"sportello/channels"
)

// Handler serves the visitors' side. Mounted at the root of the public listener it answers
//
//	GET  /chat/{account}/socket   the websocket; the visitor token comes in the first frame, never in the URL
//	POST /chat/{account}/visit    a new visitor token, or the same visit under a renewed one
//	POST /chat/{account}/unread   how many lines a returning visitor has not seen; asked by the page that embeds the widget
//	GET  /chat/{account}/config   what the widget may know: name, language, greeting, colour, origins
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /chat/{account}/socket", s.serveSocket)
	mux.HandleFunc("POST /chat/{account}/visit", s.serveVisit)
	mux.HandleFunc("POST /chat/{account}/unread", s.serveUnread)
	mux.HandleFunc("GET /chat/{account}/config", s.serveConfig)
	return mux
}

// account finds the account of a request or answers 404.
func (s *Server) account(w http.ResponseWriter, r *http.Request) *Account {
	a := s.accounts[channels.AccountID(r.PathValue("account"))]
	if a == nil {
		http.Error(w, "no such chat", http.StatusNotFound)
	}
	return a
}

// allowed reports whether a page of this origin may use the account: the widget's frame, which runs under our own origin, or a page
// that embeds the chat directly. A request without an origin is not a browser's and is refused.
func (s *Server) allowed(a *Account, origin string) bool {
	origin = strings.ToLower(origin)
	return origin != "" && (origin == s.set.Public || slices.Contains(a.Origins, origin))
}

// enter does what every stranger's request must pass: account, origin, rate. It answers the request itself if it refuses.
func (s *Server) enter(w http.ResponseWriter, r *http.Request) (*Account, string) {
	a := s.account(w, r)
	if a == nil {
		return nil, ""
	}
	if !s.allowed(a, r.Header.Get("Origin")) {
		http.Error(w, "this page may not use this chat", http.StatusForbidden)
		return nil, ""
	}
	net := network(s.deps.ClientIP(r))
	if _, ok := s.visits.take(net, s.deps.Now()); !ok {
		w.Header().Set("Retry-After", "30")
		http.Error(w, "too many requests", http.StatusTooManyRequests)
		return nil, ""
	}
	return a, net
}

func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	a, net := s.enter(w, r)
	if a == nil {
		return
	}
	if !s.admit(net) {
		w.Header().Set("Retry-After", "10")
		http.Error(w, "no room for another connection", http.StatusServiceUnavailable)
		return
	}
	conn, err := s.up.Upgrade(w, r, nil)
	if err != nil {
		s.release(net)
		s.deps.Log.Debug("chat handshake failed", "account", a.ID, "error", err)
		return
	}
	s.begin(a, conn, net) // and return: the HTTP server's buffers are free
}

// visitAnswer is what POST visit answers. Expires is UTC milliseconds.
type visitAnswer struct {
	Token   string `json:"token"`
	Expires int64  `json:"expires"`
	New     bool   `json:"new"`
}

func (s *Server) serveVisit(w http.ResponseWriter, r *http.Request) {
	a, _ := s.enter(w, r)
	if a == nil {
		return
	}
	var ask struct {
		Token string `json:"token"`
	}
	if !readJSON(w, r, &ask) {
		return
	}
	now := s.deps.Now()
	v, err := a.visitOf(ask.Token, now)
	fresh := err != nil
	if fresh {
		v = newVisit(now)
	}
	v.issued = now
	writeJSON(w, visitAnswer{Token: a.sign(v), Expires: now.Add(tokenLife).UnixMilli(), New: fresh})
}

// serveUnread counts without a connection, so that a page need not load the application to show a number. A visit that belongs to a
// person tells nothing here: the person is not proved to be present (C-02).
func (s *Server) serveUnread(w http.ResponseWriter, r *http.Request) {
	a, _ := s.enter(w, r)
	if a == nil {
		return
	}
	w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin")) // allowed: enter has checked it
	w.Header().Set("Vary", "Origin")
	var ask struct {
		Token string `json:"token"`
		Epoch string `json:"epoch"`
		Seq   int64  `json:"seq"`
	}
	if !readJSON(w, r, &ask) {
		return
	}
	n := 0
	if v, err := a.visitOf(ask.Token, s.deps.Now()); err == nil && v.subject == (subject{}) && !a.VerifiedOnly {
		talk, err := s.deps.Record.Talk(r.Context(), a.ID, v.id(), ask.Epoch, max(ask.Seq, 0))
		if err != nil {
			s.deps.Log.Error("chat lines not read", "account", a.ID, "error", err)
			http.Error(w, "not known now", http.StatusServiceUnavailable)
			return
		}
		for _, l := range talk.Lines {
			if l.From != FromVisitor && (talk.Epoch != ask.Epoch || l.Seq > ask.Seq) {
				n++
			}
		}
	}
	writeJSON(w, map[string]int{"unread": n})
}

// readJSON reads a small body, which may be empty, or answers 400. The media type is not asked for: a page sends text/plain, which needs
// no preflight, and nothing here is decided by a cookie.
func readJSON(w http.ResponseWriter, r *http.Request, v any) bool {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 4<<10))
	if err == nil && len(body) > 0 {
		err = json.Unmarshal(body, v)
	}
	if err != nil {
		http.Error(w, "the body is not JSON", http.StatusBadRequest)
	}
	return err == nil
}

// configAnswer is what GET config answers: nothing here is secret.
type configAnswer struct {
	Account      channels.AccountID `json:"account"`
	Name         string             `json:"name"`
	Locale       string             `json:"locale"`
	Welcome      map[string]string  `json:"welcome"`
	Colour       string             `json:"colour"`
	Origins      []string           `json:"origins"`
	VerifiedOnly bool               `json:"verified_only"`
}

func (s *Server) serveConfig(w http.ResponseWriter, r *http.Request) {
	a := s.account(w, r)
	if a == nil {
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=300")
	w.Header().Set("Access-Control-Allow-Origin", "*") // public, and read without credentials
	writeJSON(w, configAnswer{a.ID, a.Name, a.Locale, a.Welcome, a.Colour, a.Origins, a.VerifiedOnly})
}

func writeJSON(w http.ResponseWriter, v any) {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	_ = json.NewEncoder(w).Encode(v) // the client has gone if this fails
}
