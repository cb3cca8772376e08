package oauth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"sportello/channels/channeltest"
	"sportello/channels/email/oauth"
)

// provider is a token endpoint.
type provider struct {
	*httptest.Server
	mu      sync.Mutex
	asked   []url.Values
	status  int
	body    string // instead of a token
	rotated string // the refresh token that it hands out
}

func newProvider(t *testing.T) *provider {
	p := &provider{status: http.StatusOK}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		p.asked = append(p.asked, r.PostForm)
		w.WriteHeader(p.status)
		if p.body != "" {
			fmt.Fprint(w, p.body)
			return
		}
		fmt.Fprintf(w, `{"access_token":"token-%d","expires_in":1000,"token_type":"Bearer","refresh_token":%q}`, len(p.asked), p.rotated)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *provider) says(status int, body string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status, p.body = status, body
}

func (p *provider) times() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.asked)
}

type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.at }

func (c *clock) pass(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.at = c.at.Add(d) }

func source(p *provider, c *clock, keep oauth.Keep) *oauth.Source {
	cfg := oauth.Config{TokenURL: p.URL, ClientID: "us", ClientSecret: "hush", RefreshToken: "first"}
	return oauth.New(cfg, oauth.Deps{Client: p.Client(), Now: c.now, Keep: keep})
}

func want(t *testing.T, s *oauth.Source, token string) {
	t.Helper()
	if got, err := s.Token(t.Context()); got != token || err != nil {
		t.Fatalf("token %q, %v; want %q", got, err, token)
	}
}

// E-02: a token is renewed at four fifths of its life, by one of those who ask.
func TestE02RenewedAtFourFifths(t *testing.T) {
	p, c := newProvider(t), &clock{at: time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)}
	s := source(p, c, nil)
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			if got, err := s.Token(context.Background()); got != "token-1" || err != nil {
				t.Errorf("%q %v", got, err)
			}
		})
	}
	all.Wait()
	c.pass(799 * time.Second)
	want(t, s, "token-1")
	c.pass(time.Second)
	want(t, s, "token-2")
	if f := p.asked[1]; f.Get("grant_type") != "refresh_token" || f.Get("refresh_token") != "first" || f.Get("client_id") != "us" || p.times() != 2 {
		t.Errorf("asked %d times, with %v", p.times(), f)
	}
	s.Refused("token-1") // long gone
	want(t, s, "token-2")
	s.Refused("token-2")
	want(t, s, "token-3")
}

// While the provider is away the old token serves until it ends.
func TestE02ProviderAwayIsSurvived(t *testing.T) {
	p, c := newProvider(t), &clock{at: time.Now()}
	s := source(p, c, nil)
	want(t, s, "token-1")
	p.says(http.StatusServiceUnavailable, "<html>busy</html>")
	c.pass(900 * time.Second)
	want(t, s, "token-1")
	c.pass(80 * time.Second) // it would end within the time of signing in
	_, err := s.Token(t.Context())
	var failed *oauth.Error
	if !errors.As(err, &failed) || failed.Reconnect || failed.Code != "http_503" {
		t.Errorf("%v", err)
	}
	p.says(http.StatusTooManyRequests, `{"error":"slow_down"}`)
	if _, err := s.Token(t.Context()); !errors.As(err, &failed) || failed.Reconnect || !failed.Throttled {
		t.Errorf("%v", err)
	}
	p.says(http.StatusOK, "")
	if _, err := s.Token(t.Context()); err != nil {
		t.Error(err)
	}
}

// A permission that was withdrawn is told in plain words, also while an older token would still live; no secret is among them.
func TestE02WithdrawnAsksToReconnect(t *testing.T) {
	p, c := newProvider(t), &clock{at: time.Now()}
	s := source(p, c, nil)
	want(t, s, "token-1")
	p.says(http.StatusBadRequest, `{"error":"invalid_grant","error_description":"Token has been expired or revoked."}`)
	c.pass(850 * time.Second)
	_, err := s.Token(t.Context())
	var failed *oauth.Error
	if !errors.As(err, &failed) || !failed.Reconnect || !strings.Contains(err.Error(), "re-connect the mailbox") {
		t.Fatalf("%v", err)
	}
	for _, secret := range []string{"hush", "first", "token-1"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error repeats a secret: %v", err)
		}
	}
}

// A refresh token that replaces the configured one is kept, encrypted, until the mailbox is connected anew.
func TestE02RotatedTokenIsKept(t *testing.T) {
	p, c := newProvider(t), &clock{at: time.Now()}
	p.rotated = "second"
	var bookmarks channeltest.MemoryBookmarks
	key := []byte(strings.Repeat("k", 32))
	want(t, source(p, c, oauth.Sealed(&bookmarks, "mail1", key, "first")), "token-1")
	if v, _ := bookmarks.Load(t.Context(), "mail1", "oauth/refresh"); v == "" || strings.Contains(v, "second") {
		t.Errorf("kept as %q", v)
	}
	want(t, source(p, c, oauth.Sealed(&bookmarks, "mail1", key, "first")), "token-2")
	if got := p.asked[1].Get("refresh_token"); got != "second" {
		t.Errorf("asked with %q", got)
	}
	for name, keep := range map[string]oauth.Keep{
		"another token in the settings": oauth.Sealed(&bookmarks, "mail1", key, "third"),
		"another key":                   oauth.Sealed(&bookmarks, "mail1", []byte(strings.Repeat("x", 32)), "first"),
		"another account":               oauth.Sealed(&bookmarks, "mail2", key, "first"),
	} {
		if got, err := keep.Load(t.Context()); got != "" || err != nil {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
}

func TestE02ClientCredentials(t *testing.T) {
	p := newProvider(t)
	s := oauth.New(oauth.Config{Provider: oauth.Microsoft, Tenant: "t", TokenURL: p.URL, ClientID: "us", ClientSecret: "hush"}, oauth.Deps{Client: p.Client()})
	want(t, s, "token-1")
	if f := p.asked[0]; f.Get("grant_type") != "client_credentials" || f.Get("scope") != "https://outlook.office365.com/.default" || f.Has("refresh_token") {
		t.Errorf("asked with %v", f)
	}
}

func TestConfigNamesEveryProblem(t *testing.T) {
	for want, cfg := range map[string]oauth.Config{
		"oauth.provider":      {ClientID: "c", RefreshToken: "r"},
		"oauth.client_id":     {Provider: oauth.Google, RefreshToken: "r"},
		"oauth.refresh_token": {Provider: oauth.Google, ClientID: "c", ClientSecret: "s"},
		"oauth.token_url":     {TokenURL: "http://login.example.it/token", ClientID: "c", RefreshToken: "r"},
		"oauth.tenant":        {Provider: oauth.Microsoft, ClientID: "c", ClientSecret: "s"},
		"client_secret":       {Provider: oauth.Microsoft, Tenant: "t", ClientID: "c"},
	} {
		errs := cfg.Validate()
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), want) {
			t.Errorf("%+v: %v, want a word of %s", cfg, errs, want)
		}
	}
	if errs := (oauth.Config{Provider: oauth.Google, ClientID: "c", RefreshToken: "r"}).Validate(); errs != nil {
		t.Error(errs)
	}
}
