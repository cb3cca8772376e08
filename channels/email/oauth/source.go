// Package oauth gets the access tokens with which a mailbox signs in at providers that take no passwords: Google and Microsoft 365.
//
// A Source asks the provider's token endpoint (RFC 6749, grants refresh_token and client_credentials) and keeps the answer until four
// fifths of its life are over, so that nobody ever waits with a token that is about to end. It starts no goroutine: the adapter that
// signs in asks. It must never log a token, and never say "re-connect" for a failure that heals by itself: see Error.
package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Deps are what a Source works with. All may be zero.
type Deps struct {
	Client *http.Client // nil: one with a time limit of 20 seconds
	Keep   Keep         // nil: a new refresh token is known until the program ends
	Now    func() time.Time
}

// Keep remembers the refresh token that replaces the configured one. Load returns "" when there is none.
type Keep interface {
	Load(ctx context.Context) (string, error)
	Save(ctx context.Context, token string) error
}

// Source is the tokens of one mailbox, for IMAP and SMTP together. It is safe for concurrent use: of several who ask at once one
// asks the provider.
type Source struct {
	cfg  Config
	deps Deps
	turn chan struct{} // holds one; whoever has it may read and change what follows

	token   string
	renewAt time.Time
	ends    time.Time
}

// New makes a source. It panics when cfg is not valid. It asks nobody.
func New(cfg Config, deps Deps) *Source {
	if errs := cfg.Validate(); len(errs) > 0 {
		panic(fmt.Sprintf("oauth: invalid config: %v", errors.Join(errs...)))
	}
	if deps.Client == nil {
		deps.Client = &http.Client{Timeout: 20 * time.Second}
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	s := &Source{cfg: cfg, deps: deps, turn: make(chan struct{}, 1)}
	s.turn <- struct{}{}
	return s
}

// spare is how long a token must still live to be worth signing in with.
const spare = 30 * time.Second

// Token returns an access token that lasts, from memory while it is fresh. When it is due for renewal and the provider cannot be
// reached, the old one is returned as long as it lives. An error is an *Error or that of the context.
func (s *Source) Token(ctx context.Context) (string, error) {
	select {
	case <-s.turn:
		defer func() { s.turn <- struct{}{} }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	now := s.deps.Now()
	if s.token != "" && now.Before(s.renewAt) {
		return s.token, nil
	}
	err := s.renew(ctx)
	if err == nil {
		return s.token, nil
	}
	var refused *Error
	if errors.As(err, &refused) && refused.Reconnect {
		s.token = ""
		return "", err
	}
	if s.token != "" && now.Before(s.ends.Add(-spare)) {
		return s.token, nil
	}
	return "", err
}

// Refused tells that a mail server did not take token, so that Token gets another one.
func (s *Source) Refused(token string) {
	<-s.turn
	defer func() { s.turn <- struct{}{} }()
	if s.token == token {
		s.token = ""
	}
}

// renew asks for a new token. The caller has the turn.
func (s *Source) renew(ctx context.Context) error {
	refresh, err := s.refreshToken(ctx)
	if err != nil {
		return &Error{Code: "store", Description: err.Error()}
	}
	got, err := s.ask(ctx, s.cfg.form(refresh))
	if err != nil {
		return err
	}
	if got.Refresh != "" && got.Refresh != refresh && s.cfg.RefreshToken != "" && s.deps.Keep != nil {
		if err := s.deps.Keep.Save(ctx, got.Refresh); err != nil { // the old one is good for a while: ask again next time
			return &Error{Code: "store", Description: err.Error()}
		}
	}
	now, life := s.deps.Now(), time.Duration(got.life())*time.Second
	s.token, s.renewAt, s.ends = got.Access, now.Add(life*4/5), now.Add(life)
	return nil
}

// refreshToken is the newest refresh token.
func (s *Source) refreshToken(ctx context.Context) (string, error) {
	if s.cfg.RefreshToken == "" || s.deps.Keep == nil {
		return s.cfg.RefreshToken, nil
	}
	kept, err := s.deps.Keep.Load(ctx)
	if err != nil || kept != "" {
		return kept, err
	}
	return s.cfg.RefreshToken, nil
}

// answer is what a token endpoint says (RFC 6749 sections 5.1 and 5.2).
type answer struct {
	Access      string          `json:"access_token"`
	Refresh     string          `json:"refresh_token"`
	Expires     json.RawMessage `json:"expires_in"` // a number; with some providers in quotes
	Error       string          `json:"error"`
	Description string          `json:"error_description"`
}

// life is how long the token lasts, in seconds. A provider that does not say so gets an hour, as most give.
func (a answer) life() int64 {
	n, err := strconv.ParseInt(strings.Trim(string(a.Expires), `"`), 10, 64)
	if err != nil || n <= 0 {
		return 3600
	}
	return min(n, 86400)
}

func (s *Source) ask(ctx context.Context, form url.Values) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.cfg.tokenURL(), strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, &Error{Code: "config", Reconnect: true}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	resp, err := s.deps.Client.Do(req)
	if err != nil {
		return answer{}, &Error{Code: "network", Description: err.Error()}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 256<<10))
	if err != nil {
		return answer{}, &Error{Code: "network", Description: err.Error()}
	}
	var got answer
	parsed := json.Unmarshal(body, &got) == nil
	if parsed && resp.StatusCode == http.StatusOK && got.Access != "" {
		return got, nil
	}
	return answer{}, failure(resp.StatusCode, got)
}
