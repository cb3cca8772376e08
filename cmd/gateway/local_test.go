package main

import (
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
)

// The local listener: alive at once, ready when the live inbox is built, and figures of what lies in the stores.
func TestLocalListener(t *testing.T) {
	dir := t.TempDir()
	s, err := load(settingsFile(t, loneSettings(dir)+`
chat: [{account: shop, name: Shop, locale: it}]
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := build(t.Context(), s, slog.New(slog.DiscardHandler), options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.close(); err != nil {
			t.Error(err)
		}
	}()
	get := func(path string) (int, string) {
		w := httptest.NewRecorder()
		a.localHandler().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w.Code, w.Body.String()
	}
	if code, _ := get("/healthz"); code != 200 {
		t.Errorf("/healthz answers %d", code)
	}
	if code, _ := get("/readyz"); code != 503 {
		t.Errorf("/readyz answers %d before the live inbox is built", code)
	}
	if err := a.fill(t.Context()); err != nil {
		t.Fatal(err)
	}
	if code, _ := get("/readyz"); code != 200 {
		t.Errorf("/readyz answers %d", code)
	}
	code, text := get("/metrics")
	for _, name := range []string{"sportello_relay_events 0", "sportello_outbox_late_seconds 0", "go_goroutines"} {
		if code != 200 || !strings.Contains(text, name) {
			t.Errorf("/metrics answers %d without %s", code, name)
		}
	}
}
