package process_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"sportello/cmd/staging/process"
)

// What was started answers, ends when it is told to, and why it is not there is told with the end of its log.
func TestProcessEndsAndItsFailureIsTold(t *testing.T) {
	shell, err := process.Program("sh", "dash")
	if err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(t.TempDir(), "log")
	p, err := process.Launch(exec.Command(shell, "-c", `trap 'echo was told; exit' TERM; echo is ready; while :; do sleep 0.02; done`), log, syscall.SIGTERM)
	if err != nil {
		t.Fatal(err)
	}
	ready := func(context.Context) error {
		if !strings.Contains(process.Tail(log, 5), "is ready") {
			return errors.New("nothing yet")
		}
		return nil
	}
	if err := p.Await(t.Context(), ready); err != nil || !p.Running() {
		t.Error(err)
	}
	if err := p.Stop(); err != nil || p.Running() {
		t.Error(err)
	}
	never := func(context.Context) error { return errors.New("no answer") }
	if err := p.Await(t.Context(), never); err == nil || !strings.Contains(err.Error(), "ended") || !strings.Contains(err.Error(), "was told") {
		t.Error(err)
	}
	if p, err = process.Launch(exec.Command(shell, "-c", "sleep 60"), log, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.Kill()
	p.Kill()
	if p.Running() {
		t.Error("killed and running")
	}
	if _, err := process.Program("no-such-program", "a-package"); err == nil || !strings.Contains(err.Error(), "a-package") {
		t.Error(err)
	}
}

// A server that answers with an error is not ready yet.
func TestAwaitURLTakesOnlyAGoodAnswer(t *testing.T) {
	asked := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer srv.Close()
	p, err := process.Launch(exec.Command("sleep", "60"), filepath.Join(t.TempDir(), "log"), syscall.SIGTERM)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.AwaitURL(t.Context(), srv.URL); err != nil || asked != 3 {
		t.Errorf("after %d questions: %v", asked, err)
	}
	p.Kill()
	if err := p.AwaitURL(t.Context(), "http://127.0.0.1:1"); err == nil {
		t.Error("a killed one is ready")
	}
}

func TestFreeAddressHasAPort(t *testing.T) {
	address, err := process.FreeAddress()
	if err != nil || process.Port(address) == "" || process.Port("nonsense") != "" {
		t.Error(address, err)
	}
}
