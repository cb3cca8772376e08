package agentui

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"sportello/agentui/wire"
	"sportello/inbox/db"
	"sportello/inbox/inboxtest"
	"sportello/router/roster/rostertest"
)

func TestSignInAndOut(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		b := r.browser()
		if code := b.do("GET", "/api/work", nil, nil); code != 401 {
			t.Errorf("a stranger sees the work: %d", code)
		}
		var p wire.Problem
		if code := b.do("POST", "/api/session", wire.SignIn{Email: rostertest.Email("anna"), Password: "wrong"}, &p); code != 401 || p.Code != "bad_credentials" {
			t.Errorf("%d %+v", code, p)
		}
		b = r.as("anna")
		if b.me.Agent != "anna" || b.me.CSRF == "" || b.me.Role != "agent" || b.me.Demo {
			t.Errorf("%+v", b.me)
		}
		r.redis.FlushAll() // signs nobody out
		var me wire.Me
		if code := b.do("GET", "/api/session", nil, &me); code != 200 || me != b.me {
			t.Errorf("%d %+v", code, me)
		}
		if code := b.do("DELETE", "/api/session", nil, nil); code != 204 {
			t.Errorf("sign out: %d", code)
		}
		if code := b.do("GET", "/api/session", nil, nil); code != 401 {
			t.Errorf("still signed in: %d", code)
		}
	})
}

func TestDisabledAgentIsOutAtOnce(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	b := r.as("anna")
	a, err := r.roster.Agent(t.Context(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	a.DisabledAt = time.Now()
	if _, err := r.roster.Update(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if code := b.do("GET", "/api/work", nil, nil); code != 401 {
		t.Errorf("status %d", code)
	}
}

// A command that does not prove that our own page sent it is refused, whatever cookie it carries.
func TestCommandsOfForeignPagesAreRefused(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	b := r.as("anna")
	conv := r.mine("anna", "cliente@example.it")
	path, body := "/api/conversations/"+string(conv.ID)+"/note", wire.Note{ClientID: newID(), Text: "x"}
	for name, header := range map[string]map[string]string{
		"no token":       {"X-CSRF-Token": ""},
		"a wrong token":  {"X-CSRF-Token": "guess"},
		"foreign origin": {"Origin": "https://evil.example"},
		"cross site":     {"Sec-Fetch-Site": "cross-site"},
	} {
		res := b.raw("POST", path, body, header)
		res.Body.Close()
		if res.StatusCode != 403 {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
	}
	res := b.raw("POST", path, body, map[string]string{"Origin": r.srv.URL, "Sec-Fetch-Site": "same-origin"})
	res.Body.Close()
	if res.StatusCode != 200 {
		t.Errorf("our own page: %d", res.StatusCode)
	}
	res = b.raw("POST", "/api/session", wire.SignIn{}, map[string]string{"Origin": "https://evil.example"})
	res.Body.Close()
	if res.StatusCode != 403 {
		t.Errorf("a foreign page signs in: %d", res.StatusCode)
	}
}

func TestSignInIsThrottled(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	b := r.browser()
	wrong := wire.SignIn{Email: " Anna@negozio.example", Password: "wrong"}
	for range failuresPerAddress {
		if code := b.do("POST", "/api/session", wrong, nil); code != 401 {
			t.Fatalf("status %d", code)
		}
	}
	res := b.raw("POST", "/api/session", wire.SignIn{Email: rostertest.Email("anna"), Password: rostertest.Password}, nil)
	res.Body.Close()
	if res.StatusCode != http.StatusTooManyRequests || res.Header.Get("Retry-After") == "" {
		t.Errorf("%d, retry after %q", res.StatusCode, res.Header.Get("Retry-After"))
	}
	r.as("bruno") // others may
}

// All gateways have one budget of tries: what was failed at another one counts here.
func TestSignInIsThrottledByAllGatewaysTogether(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	other := newThrottle(r.live, slog.New(slog.DiscardHandler), time.Now)
	for range failuresPerAddress - 1 {
		if wait := other.try(t.Context(), rostertest.Email("anna"), "127.0.0.1"); wait > 0 {
			t.Fatal(wait)
		}
	}
	b := r.browser()
	right := wire.SignIn{Email: rostertest.Email("anna"), Password: rostertest.Password}
	if code := b.do("POST", "/api/session", wire.SignIn{Email: right.Email, Password: "wrong"}, nil); code != 401 {
		t.Fatalf("status %d", code)
	}
	if code := b.do("POST", "/api/session", right, nil); code != http.StatusTooManyRequests {
		t.Errorf("one try more than all gateways allow: %d", code)
	}
	r.redis.FlushAll() // here one has failed, and only that is known now
	if code := b.do("POST", "/api/session", right, nil); code != 200 {
		t.Errorf("status %d", code)
	}
}

// While Redis is away staff can sign in, and each gateway still bounds what it sees; what was counted before holds afterwards.
func TestSignInWhileRedisIsAway(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	one, two := newThrottle(r.live, slog.New(slog.DiscardHandler), time.Now), newThrottle(r.live, slog.New(slog.DiscardHandler), time.Now)
	one.try(t.Context(), "carla", "place")
	r.redis.Close()
	if code := r.browser().do("POST", "/api/session", wire.SignIn{Email: rostertest.Email("anna"), Password: rostertest.Password}, nil); code != 200 {
		t.Errorf("anna does not get in: %d", code)
	}
	let := 0
	for i := range 3 * failuresPerAddress {
		if []*throttle{one, two}[i%2].try(t.Context(), "carla", "place") == 0 {
			let++
		}
	}
	if let != 2*failuresPerAddress-1 {
		t.Errorf("two gateways let %d tries through", let)
	}
	if err := r.redis.Restart(); err != nil {
		t.Fatal(err)
	}
	if wait := one.try(t.Context(), "carla", "place"); wait == 0 {
		t.Error("forgotten when Redis came back")
	}
}

func TestThrottleForgetsAndIsBounded(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	now := time.Unix(1e9, 0)
	th := newThrottle(r.live, slog.New(slog.DiscardHandler), func() time.Time { return now })
	try := func(address, place string) bool { return th.tryHere(counters(address, place)) == 0 }
	for i := range failuresPerPlace {
		if !try(fmt.Sprint("agent", i), "place") {
			t.Fatalf("refused after %d", i)
		}
	}
	if try("anna", "place") || !try("anna", "elsewhere") {
		t.Error("counted wrongly")
	}
	th.passed(t.Context(), "agent0", "place")
	if !try("anna", "place") || try("bruno", "place") {
		t.Error("who got in takes one try of the place with him")
	}
	th.undecided(t.Context(), "agent1", "place")
	if !try("agent1", "place") || try("bruno", "place") {
		t.Error("a try of which nobody knows is not given back")
	}
	for _, step := range []time.Duration{forgiveAfter, -time.Hour} {
		now = now.Add(step)
		if !try("anna", "place") {
			t.Errorf("not forgiven when the clock went %s", step)
		}
		for range failuresPerPlace {
			try("anna", "place")
		}
	}
	for i := range throttled + 100 {
		try(strings.Repeat("x", i%50)+string(rune(i)), fmt.Sprint("place", i%5000))
	}
	if len(th.here) > throttled+2 {
		t.Errorf("%d counters", len(th.here))
	}
}

func TestDemoSignInIsForTheDemosPeopleOnly(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	b := r.browser()
	var people []wire.DemoPerson
	if code := b.do("GET", "/api/session/demo", nil, &people); code != 200 || len(people) != 1 || people[0].Agent != "bruno" {
		t.Errorf("%d %+v", code, people)
	}
	if code := b.do("POST", "/api/session/demo", wire.DemoSignIn{Agent: "mara"}, nil); code != 404 {
		t.Errorf("mara without a password: %d", code)
	}
	var me wire.Me
	if code := b.do("POST", "/api/session/demo", wire.DemoSignIn{Agent: "bruno"}, &me); code != 200 || me.Agent != "bruno" || !me.Demo {
		t.Errorf("%d %+v", code, me)
	}
}
