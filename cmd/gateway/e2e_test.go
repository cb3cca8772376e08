//go:build e2e

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sportello/channels/pause"
)

// TestE2E drives the program as it is shipped, from outside: the built binary on PostgreSQL and Redis, Dovecot and Postfix, the SMS
// provider's double, and two browsers. What happens in the browsers is in agentui/web/e2e.
func TestE2E(t *testing.T) {
	front, err := filepath.Abs(filepath.Join("..", "..", "agentui", "web"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(front, "dist", "index.html")); err != nil {
		t.Fatal("the front end is not built: make web")
	}
	const chromium = "/usr/bin/chromium"
	if _, err := os.Stat(chromium); err != nil {
		t.Fatal("missing Debian package: chromium")
	}
	o := newOutside(t)
	o.start(t)
	o.cli(t, "", "healthy")
	o.cli(t, "", "doctor") // exits with 1 when a setting, a server or an account is not as it should be
	world := []string{"E2E_CONSOLE=" + o.public, "E2E_SITE=" + o.site, "E2E_OUTSIDE=" + o.control, "E2E_CHROMIUM=" + chromium}
	if hold := os.Getenv("E2E_HOLD"); hold != "" { // to write tests against: the world stays until the file is removed
		if err := os.WriteFile(hold, []byte(strings.Join(world, "\n")+"\nE2E_LOG="+o.log+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, err := os.Stat(hold); err == nil; _, err = os.Stat(hold) {
			pause.For(t.Context(), time.Second)
		}
		return
	}
	cmd := exec.CommandContext(t.Context(), "node_modules/.bin/playwright", "test", "--config", "e2e/playwright.config.ts")
	if only := os.Getenv("E2E_ONLY"); only != "" {
		cmd.Args = append(cmd.Args, "--grep", only)
	}
	cmd.Dir, cmd.Stdout, cmd.Stderr = front, os.Stdout, os.Stderr
	cmd.Env = append(append(os.Environ(), world...), "CI=true")
	if err := cmd.Run(); err != nil {
		t.Errorf("playwright: %v", err)
		o.tellLog(t)
	}
	o.cli(t, "", "rebuild")
}
