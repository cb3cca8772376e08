package email

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sportello/channels"
	"sportello/channels/channeltest/mailrig"
	"sportello/channels/email/oauth"
)

// tokenServer is a provider's token endpoint. Its tokens last for life; a withdrawn one gives none.
type tokenServer struct {
	*httptest.Server
	life      atomic.Int64 // seconds
	spoilt    atomic.Bool  // its tokens are refused by the mail server
	withdrawn atomic.Bool
	asked     atomic.Int64
}

func newTokenServer(t testing.TB) *tokenServer {
	s := &tokenServer{}
	s.life.Store(3600)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		if s.withdrawn.Load() {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"error":"invalid_grant","error_description":"revoked"}`)
			return
		}
		life := s.life.Load()
		token := mailrig.AccessToken(support, time.Now().Add(time.Duration(life)*time.Second))
		if s.spoilt.Load() {
			token += "x"
		}
		json.NewEncoder(w).Encode(map[string]any{"access_token": token, "expires_in": life})
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *tokenServer) source() *oauth.Source {
	return oauth.New(oauth.Config{TokenURL: s.URL, ClientID: "us", RefreshToken: "r"}, oauth.Deps{Client: s.Client()})
}

func withTokens(cfg Config, way AuthMethod, tokens TokenSource) Config {
	for _, s := range []*Server{&cfg.IMAP, &cfg.SMTP} {
		s.Password, s.Auth, s.Tokens = "", way, tokens
	}
	return cfg
}

// E-02 with real servers: both mechanisms, for IMAP and for SMTP; a refused token is answered as both servers expect it, and replaced.
func TestE02RealTokens(t *testing.T) {
	d := mailrig.StartDovecot(t)
	p := mailrig.StartPostfix(t, d, "sportello.test", "example.test")
	d.Append(t, support, time.Now(), written("first@example.test", "prima", "x"))
	for _, way := range []AuthMethod{AuthXOAuth2, AuthBearer, AuthOAuth} {
		server, r := newTokenServer(t), newRig()
		cfg := withTokens(realConfig(d, p), way, server.source())
		server.spoilt.Store(true)
		a := New(cfg, r.deps())
		for name, check := range map[string]error{"IMAP": a.CheckIMAP(t.Context()), "SMTP": a.CheckSMTP(t.Context())} {
			if check == nil || name == "IMAP" && healthCode(check) != codeAuth || strings.Contains(check.Error(), "BAD") {
				t.Errorf("%s by %s with a spoilt token: %v", name, way, check)
			}
		}
		if f := channels.AsFault(a.CheckSMTP(t.Context())); f.Code != channels.CodeAuth || f.Class != channels.Temporary {
			t.Errorf("SMTP by %s: %v", way, f)
		}
		server.spoilt.Store(false)
		stop := r.run(t, cfg)
		r.await(t, 1)
		stop()
		if err := a.CheckSMTP(t.Context()); err != nil {
			t.Errorf("SMTP by %s: %v", way, err)
		}
	}
}

// E-02: a withdrawn permission says what to do, is tried again slowly, and other mailboxes do not notice.
func TestE02WithdrawnPermission(t *testing.T) {
	d := mailrig.StartDovecot(t)
	server, r, other := newTokenServer(t), newRig(), newRig()
	server.life.Store(1) // due for renewal at every look
	cfg := withTokens(realConfig(d, nil), AuthOAuth, server.source())
	cfg.IdleRenew = 10 * time.Millisecond
	cfg.RetryMin, cfg.RetryMax = 5*time.Millisecond, 100*time.Millisecond
	r.run(t, cfg)
	other.run(t, realConfig(d, nil))
	r.awaitHealth(t, "ok", func(h channels.Health) bool { return h.OK })
	server.withdrawn.Store(true)
	h := r.awaitHealth(t, "auth", func(h channels.Health) bool { return h.Code == codeAuth })
	if h.OK || !strings.Contains(h.Detail, "re-connect the mailbox") || h.LastSuccess.IsZero() {
		t.Errorf("%+v", h)
	}
	d.Append(t, support, time.Now(), written("first@example.test", "prima", "x"))
	other.await(t, 1)
	server.withdrawn.Store(false)
	r.await(t, 1)
}
