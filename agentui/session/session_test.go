package session

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"sportello/inbox/db"
	"sportello/inbox/inboxtest"
)

func TestMain(m *testing.M) { inboxtest.Main(m) }

// clock is a clock that a test moves.
type clock struct{ ms atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.ms.Store(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC).UnixMilli())
	return c
}
func (c *clock) now() time.Time      { return time.UnixMilli(c.ms.Load()).UTC() }
func (c *clock) add(d time.Duration) { c.ms.Add(d.Milliseconds()) }

// signIn begins a session and returns its cookie.
func signIn(t *testing.T, k *Keeper, with *http.Cookie) (*http.Cookie, Session) {
	t.Helper()
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", nil)
	if with != nil {
		r.AddCookie(with)
	}
	ctx, _, _, err := k.Load(w, r)
	if err != nil {
		t.Fatal(err)
	}
	s, err := k.SignIn(ctx, w, "anna")
	if err != nil {
		t.Fatal(err)
	}
	return w.Result().Cookies()[0], s
}

// load returns what a request with the cookie is, and the answer's cookies.
func load(t *testing.T, k *Keeper, c *http.Cookie) (context.Context, Session, bool, *httptest.ResponseRecorder) {
	t.Helper()
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(c)
	ctx, s, ok, err := k.Load(w, r)
	if err != nil {
		t.Fatal(err)
	}
	return ctx, s, ok, w
}

func TestSessionLivesInTheRecord(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		c := newClock()
		k := New(d, true, slog.New(slog.DiscardHandler), c.now)
		cookie, s := signIn(t, k, nil)
		if !cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteLaxMode || cookie.Name != "__Host-sportello" {
			t.Errorf("cookie %+v", cookie)
		}
		other := New(d, true, slog.New(slog.DiscardHandler), c.now) // another gateway, or this one after a restart
		_, got, ok, _ := load(t, other, cookie)
		if !ok || got != s || got.Agent != "anna" {
			t.Fatalf("%v %+v, want %+v", ok, got, s)
		}
		var rows int
		if err := d.QueryRow(`SELECT count(*) FROM session WHERE token = $1 OR data LIKE $2`,
			cookie.Value, "%"+cookie.Value+"%").Scan(&rows); err != nil || rows != 0 {
			t.Errorf("the token stands in the record: %d, %v", rows, err)
		}
		if alive, err := k.Alive(t.Context(), s.ID); err != nil || !alive {
			t.Errorf("alive: %v, %v", alive, err)
		}
	})
}

func TestSignInRenewsTheToken(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		k := New(d, false, slog.New(slog.DiscardHandler), newClock().now)
		first, _ := signIn(t, k, nil)
		second, _ := signIn(t, k, first)
		if first.Value == second.Value {
			t.Error("the token stayed the same")
		}
		if _, _, ok, _ := load(t, k, first); ok {
			t.Error("the old token still opens")
		}
	})
}

func TestSignOutEndsAndStaysEnded(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		c := newClock()
		k := New(d, false, slog.New(slog.DiscardHandler), c.now)
		cookie, s := signIn(t, k, nil)
		ctx, _, _, _ := load(t, k, cookie)
		if err := k.SignOut(ctx, httptest.NewRecorder()); err != nil {
			t.Fatal(err)
		}
		if err := k.store.prolong(t.Context(), s.ID, []byte("{}"), c.now().Add(time.Hour)); err != nil { // a request under way
			t.Fatal(err)
		}
		if _, _, ok, _ := load(t, k, cookie); ok {
			t.Error("still signed in")
		}
		if alive, _ := k.Alive(t.Context(), s.ID); alive {
			t.Error("still alive")
		}
	})
}

func TestSessionSlidesAndEnds(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		c := newClock()
		k := New(d, false, slog.New(slog.DiscardHandler), c.now)
		cookie, _ := signIn(t, k, nil)
		if _, _, _, w := load(t, k, cookie); len(w.Result().Cookies()) != 0 {
			t.Error("written again within the slack")
		}
		for range 20 { // used every 11 hours
			c.add(Idle - time.Hour)
			if _, _, ok, _ := load(t, k, cookie); !ok {
				if c.now().Before(newClock().now().Add(Longest)) {
					t.Fatalf("ended at %s", c.now())
				}
				return
			}
		}
		t.Error("it never ends")
	})
}

func TestUnusedSessionEndsAndIsSwept(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		c := newClock()
		k := New(d, false, slog.New(slog.DiscardHandler), c.now)
		cookie, _ := signIn(t, k, nil)
		c.add(Idle + time.Second)
		if _, _, ok, _ := load(t, k, cookie); ok {
			t.Error("still signed in")
		}
		if err := k.store.sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		var rows int
		if err := d.QueryRow(`SELECT count(*) FROM session`).Scan(&rows); err != nil || rows != 0 {
			t.Errorf("%d rows left, %v", rows, err)
		}
	})
}

func TestCSRFMustBeTheSame(t *testing.T) {
	if (Session{}).SameCSRF("") {
		t.Error("no token is taken for the right one")
	}
	if s := (Session{CSRF: "a"}); s.SameCSRF("b") || !s.SameCSRF("a") {
		t.Error("compared wrongly")
	}
}
