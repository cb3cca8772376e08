package agentui

import (
	"compress/gzip"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"sportello/inbox/inboxtest"
)

func serveStatic(t *testing.T, s *static, path string, header map[string]string) *http.Response {
	t.Helper()
	req := httptest.NewRequest(http.MethodGet, path, nil)
	for k, v := range header {
		req.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, req)
	return w.Result()
}

func TestPagesAndTheirPolicies(t *testing.T) {
	s, err := newStatic(front(), []string{"https://www.negozio.example", "http://localhost:3000"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, body, ancestors, cache string }{
		{"/", "console", "frame-ancestors 'none'", cacheAsk},
		{"/app/conversations/1001", "console", "frame-ancestors 'none'", cacheAsk},
		{"/w/app/", "widget", "frame-ancestors 'self' https://www.negozio.example http://localhost:3000", cacheAsk},
		{"/w/v1.js", "loader()", "", cacheHour},
		{"/assets/app-1a2b.js", "let a", "", cacheForever},
	} {
		res := serveStatic(t, s, c.path, nil)
		body, _ := io.ReadAll(res.Body)
		policy := res.Header.Get("Content-Security-Policy")
		if res.StatusCode != 200 || !strings.Contains(string(body), c.body) || !strings.Contains(policy, c.ancestors) || res.Header.Get("Cache-Control") != c.cache {
			t.Errorf("%s: %d %s %v", c.path, res.StatusCode, body, res.Header)
		}
		if strings.Contains(policy, "unsafe") {
			t.Errorf("%s: %s", c.path, policy)
		}
	}
}

func TestStaticFilesAreCompressedAndNotSentTwice(t *testing.T) {
	s, err := newStatic(front(), nil)
	if err != nil {
		t.Fatal(err)
	}
	res := serveStatic(t, s, "/assets/app-1a2b.js", map[string]string{"Accept-Encoding": "br, gzip"})
	zr, err := gzip.NewReader(res.Body)
	if err != nil || res.Header.Get("Content-Encoding") != "gzip" || res.Header.Get("Vary") == "" {
		t.Fatalf("%v %v", err, res.Header)
	}
	if body, err := io.ReadAll(zr); err != nil || !strings.HasPrefix(string(body), "let a = 1;") {
		t.Errorf("%.20s %v", body, err)
	}
	again := serveStatic(t, s, "/assets/app-1a2b.js", map[string]string{"Accept-Encoding": "gzip", "If-None-Match": `"x", W/` + res.Header.Get("ETag")})
	if again.StatusCode != http.StatusNotModified {
		t.Errorf("status %d", again.StatusCode)
	}
	plain := serveStatic(t, s, "/assets/app-1a2b.js", map[string]string{"Accept-Encoding": "gzip;q=0"})
	if plain.Header.Get("Content-Encoding") != "" || plain.Header.Get("ETag") == res.Header.Get("ETag") {
		t.Errorf("%v", plain.Header)
	}
}

func TestMissingFrontEndSaysHowToBuildIt(t *testing.T) {
	s, err := newStatic(fstest.MapFS{".gitkeep": {}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	res := serveStatic(t, s, "/", nil)
	if body, _ := io.ReadAll(res.Body); res.StatusCode != 200 || !strings.Contains(string(body), "make web") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	if _, err := newStatic(front(), []string{"https://x; script-src *"}); err == nil {
		t.Error("a policy was injected")
	}
}

func TestEveryAnswerIsGuardedAndCounted(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	b := r.as("anna")
	for _, path := range []string{"/", "/api/work", "/api/nothing", "/assets/none.js"} {
		_, res := b.text(path)
		h := res.Header
		if h.Get("X-Request-Id") == "" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") == "" || h.Get("Content-Security-Policy") == "" {
			t.Errorf("%s: %v", path, h)
		}
		if strings.HasPrefix(path, "/api/") && h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be kept: %v", path, h)
		}
	}
	families, err := r.met.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "sportello_http_request_seconds" && len(f.GetMetric()) >= 2 {
			return
		}
	}
	t.Error("requests are not counted")
}

// A panic ends one request and not the program, and the stranger learns nothing.
func TestPanicIsAnError(t *testing.T) {
	s := &Server{Deps: Deps{Log: slog.New(slog.DiscardHandler)}}
	w := httptest.NewRecorder()
	s.outermost(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("secret") })).
		ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if w.Code != 500 || strings.Contains(w.Body.String(), "secret") || !strings.Contains(w.Body.String(), "internal") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
