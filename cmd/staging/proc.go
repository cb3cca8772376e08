package staging

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Times of processes.
const (
	startWait = 60 * time.Second
	stopWait  = 30 * time.Second
)

// process is one run of a program.
type process struct {
	cmd   *exec.Cmd
	log   string
	ended chan struct{}
	err   error // of Wait, once ended is closed
}

// launch starts a program that writes into the file log. It dies with this process, however that ends.
func launch(cmd *exec.Cmd, log string) (*process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close() //nolint:errcheck // the program has its own handle
	cmd.Stdout, cmd.Stderr = out, out
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig, cmd.SysProcAttr.Setpgid = syscall.SIGKILL, true
	p := &process{cmd: cmd, log: log, ended: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // the death signal is tied to the thread that started the process
		defer runtime.UnlockOSThread()
		defer close(p.ended)
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", filepath.Base(cmd.Path), err)
	}
	return p, nil
}

func (p *process) running() bool {
	if p == nil {
		return false
	}
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// kill ends the program as a failing machine does and waits until it is gone.
func (p *process) kill() {
	if p.running() {
		_ = p.cmd.Process.Kill() // it may have ended in between
		<-p.ended
	}
}

// stop asks the program to end and waits for it.
func (p *process) stop(signal os.Signal) error {
	if !p.running() {
		return nil
	}
	_ = p.cmd.Process.Signal(signal) // it may have ended in between
	late := time.NewTimer(stopWait)
	defer late.Stop()
	select {
	case <-p.ended:
		return nil
	case <-late.C:
		p.kill()
		return fmt.Errorf("%s did not stop within %s", filepath.Base(p.cmd.Path), stopWait)
	}
}

// await waits until ready answers nil.
func (p *process) await(ctx context.Context, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("%s ended: %w\n%s", filepath.Base(p.cmd.Path), errors.Join(err, p.err), tail(p.log, 15))
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w\n%s", filepath.Base(p.cmd.Path), err, tail(p.log, 15))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// tail is the end of a log.
func tail(path string, lines int) string {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(raw)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// freeAddress is a loopback address that nobody listens on now.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// program finds a program, also where Debian keeps the newest PostgreSQL's.
func program(name, debian string) (string, error) {
	places, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil {
		return "", err
	}
	slices.Sort(places)
	slices.Reverse(places)
	for _, path := range append([]string{name, "/usr/sbin/" + name}, places...) {
		if found, err := exec.LookPath(path); err == nil {
			return found, nil
		}
	}
	return "", fmt.Errorf("%s is not installed (Debian package: %s)", name, debian)
}

// pause waits for d and reports false when ctx ends before.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
