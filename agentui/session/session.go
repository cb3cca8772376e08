// Package session keeps staff signed in.
//
// A session is a row of the record, found by the hash of a random token that the browser holds in a cookie: a flushed Redis signs
// nobody out, and who reads the record cannot sign in with what he finds. The package must never log a token and knows nothing of
// roles. cmd/gateway makes one Keeper, agentui uses it, and Run sweeps away what has expired.
package session

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"sportello/inbox"
	"sportello/inbox/db"
)

// Idle is how long a session stands without a request; Longest is how long it stands at all.
const (
	Idle    = 12 * time.Hour
	Longest = 7 * 24 * time.Hour
)

// slack is how much of Idle may pass before the deadline is written again: not every request costs a commit.
const slack = 10 * time.Minute

// The names of a session's values.
const (
	keyAgent = "agent"
	keyCSRF  = "csrf"
	keySince = "since"
)

// Keeper signs in, finds and ends sessions. It is safe for concurrent use.
type Keeper struct {
	scs   *scs.SessionManager
	store *store
	log   *slog.Logger
	now   func() time.Time
}

// New makes a keeper over the record. secure says that browsers reach us by HTTPS; the cookie is then sent nowhere else.
func New(d *db.DB, secure bool, log *slog.Logger, now func() time.Time) *Keeper {
	st := newStore(d, now)
	name := "sportello"
	if secure {
		name = "__Host-sportello" // the browser takes it with Secure, Path=/ and no Domain only
	}
	m := &scs.SessionManager{ // not scs.New, which starts the sweeper of a store in memory
		Store: st, Codec: codec{}, Lifetime: Idle, HashTokenInStore: true,
		Cookie: scs.SessionCookie{Name: name, Path: "/", HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode, Persist: true},
	}
	return &Keeper{scs: m, store: st, log: log, now: now}
}

// Session is who is signed in.
type Session struct {
	Agent inbox.AgentID
	CSRF  string // what commands must carry beside the cookie
	ID    string // names the session in the store: the hash of its token, which opens nothing
}

// Load finds the session of a request, and returns a context for SignIn and SignOut. ok is false when nobody is signed in. A session
// in use is prolonged; the cookie is then set on w, so Load comes before the first byte of the answer.
func (k *Keeper) Load(w http.ResponseWriter, r *http.Request) (ctx context.Context, s Session, ok bool, err error) {
	token := ""
	if cookie, err := r.Cookie(k.scs.Cookie.Name); err == nil {
		token = cookie.Value
	}
	if ctx, err = k.scs.Load(r.Context(), token); err != nil {
		return r.Context(), Session{}, false, fmt.Errorf("load session: %w", err)
	}
	s = k.session(ctx)
	if s.Agent == "" {
		return ctx, Session{}, false, nil
	}
	until := k.until(ctx)
	if until.Sub(k.scs.Deadline(ctx)) < slack {
		return ctx, s, true, nil
	}
	return ctx, s, true, k.prolong(ctx, w, token, s.ID, until)
}

// prolong writes a later deadline, unless the session has been ended meanwhile: then it stays ended.
func (k *Keeper) prolong(ctx context.Context, w http.ResponseWriter, token, id string, until time.Time) error {
	values := map[string]any{}
	for _, key := range k.scs.Keys(ctx) {
		values[key] = k.scs.Get(ctx, key)
	}
	data, err := codec{}.Encode(until, values)
	if err != nil {
		return fmt.Errorf("prolong session: %w", err)
	}
	if err := k.store.prolong(ctx, id, data, until); err != nil {
		return err
	}
	k.scs.WriteSessionCookie(ctx, w, token, until)
	return nil
}

// session is what the context holds.
func (k *Keeper) session(ctx context.Context) Session {
	return Session{
		Agent: inbox.AgentID(k.scs.GetString(ctx, keyAgent)),
		CSRF:  k.scs.GetString(ctx, keyCSRF),
		ID:    stored(k.scs.Token(ctx)),
	}
}

// until is when the session would end if it were not used again.
func (k *Keeper) until(ctx context.Context) time.Time {
	idle := k.now().Add(Idle)
	since, err := time.Parse(time.RFC3339, k.scs.GetString(ctx, keySince))
	if longest := since.Add(Longest); err == nil && longest.Before(idle) {
		return longest
	}
	return idle
}

// SignIn begins a session under a new token (so that nobody can be given one to sign in under) and sets the cookie on w.
func (k *Keeper) SignIn(ctx context.Context, w http.ResponseWriter, agent inbox.AgentID) (Session, error) {
	if err := k.scs.RenewToken(ctx); err != nil {
		return Session{}, fmt.Errorf("sign in: %w", err)
	}
	k.scs.Put(ctx, keyAgent, string(agent))
	k.scs.Put(ctx, keyCSRF, rand.Text())
	k.scs.Put(ctx, keySince, k.now().UTC().Format(time.RFC3339))
	k.scs.SetDeadline(ctx, k.now().Add(Idle))
	if err := k.commit(ctx, w); err != nil {
		return Session{}, err
	}
	return k.session(ctx), nil
}

// SignOut ends the session and takes the cookie back. The second time it does nothing.
func (k *Keeper) SignOut(ctx context.Context, w http.ResponseWriter) error {
	if err := k.scs.Destroy(ctx); err != nil {
		return fmt.Errorf("sign out: %w", err)
	}
	k.scs.WriteSessionCookie(ctx, w, "", time.Time{})
	return nil
}

// commit writes the session and its cookie.
func (k *Keeper) commit(ctx context.Context, w http.ResponseWriter) error {
	token, until, err := k.scs.Commit(ctx)
	if err != nil {
		return fmt.Errorf("keep session: %w", err)
	}
	k.scs.WriteSessionCookie(ctx, w, token, until)
	return nil
}

// Alive reports whether the session with this ID still stands.
func (k *Keeper) Alive(ctx context.Context, id string) (bool, error) { return k.store.alive(ctx, id) }

// Run sweeps expired sessions away every hour until ctx ends. It returns nil.
func (k *Keeper) Run(ctx context.Context) error {
	ticks := time.NewTicker(time.Hour)
	defer ticks.Stop()
	for {
		if err := k.store.sweep(ctx); err != nil && ctx.Err() == nil {
			k.log.Warn("expired sessions not swept", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
		}
	}
}

// SameCSRF compares what a command carries with what it must, in constant time.
func (s Session) SameCSRF(got string) bool {
	return s.CSRF != "" && subtle.ConstantTimeCompare([]byte(got), []byte(s.CSRF)) == 1
}

// stored is what the store knows a token by.
func stored(token string) string {
	if token == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
