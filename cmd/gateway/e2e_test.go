//go:build e2e

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
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
	cmd := exec.CommandContext(t.Context(), "node_modules/.bin/playwright", "test", "--config", "e2e/playwright.config.ts")
	if only := os.Getenv("E2E_ONLY"); only != "" {
		cmd.Args = append(cmd.Args, "--grep", only)
	}
	cmd.Dir, cmd.Stdout, cmd.Stderr = front, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), "E2E_CONSOLE="+o.public, "E2E_SITE="+o.site, "E2E_OUTSIDE="+o.control, "E2E_CHROMIUM="+chromium, "CI=true")
	if err := cmd.Run(); err != nil {
		t.Errorf("playwright: %v", err)
		o.tellLog(t)
	}
}
