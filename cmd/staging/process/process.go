// Package process runs the programs that a staging copy or a load test needs around it: it finds them, starts them, waits until they
// answer, and ends them, in order or as a crash does.
//
// It must never be linked into serve. What it starts dies with the program that started it, however that ends.
package process

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// Times of processes.
const (
	startWait = 60 * time.Second
	stopWait  = 30 * time.Second
)

// Process is one run of a program. It is safe for concurrent use; a nil one does not run.
type Process struct {
	cmd   *exec.Cmd
	log   string
	end   os.Signal // what it ends in order at
	ended chan struct{}
	err   error // of Wait, once ended is closed
}

// Launch starts a program that writes into the file log, and ends in order at the signal end.
func Launch(cmd *exec.Cmd, log string, end os.Signal) (*Process, error) {
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
	p := &Process{cmd: cmd, log: log, end: end, ended: make(chan struct{})}
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

// Running reports whether the program is there.
func (p *Process) Running() bool {
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

// PID is the number of the process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Kill ends the program as a failing machine does and waits until it is gone.
func (p *Process) Kill() {
	if p.Running() {
		_ = p.cmd.Process.Kill() // it may have ended in between
		<-p.ended
	}
}

// Stop asks the program to end and waits for it.
func (p *Process) Stop() error {
	if !p.Running() {
		return nil
	}
	_ = p.cmd.Process.Signal(p.end) // it may have ended in between
	late := time.NewTimer(stopWait)
	defer late.Stop()
	select {
	case <-p.ended:
		return nil
	case <-late.C:
		p.Kill()
		return fmt.Errorf("%s did not stop within %s", filepath.Base(p.cmd.Path), stopWait)
	}
}

// Await waits until ready answers nil, until the program has ended, or for a minute.
func (p *Process) Await(ctx context.Context, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("%s ended: %w\n%s", filepath.Base(p.cmd.Path), errors.Join(err, p.err), Tail(p.log, 15))
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w\n%s", filepath.Base(p.cmd.Path), err, Tail(p.log, 15))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// AwaitURL waits as Await does, until address answers a GET with 200.
func (p *Process) AwaitURL(ctx context.Context, address string) error {
	return p.Await(ctx, func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		defer res.Body.Close() //nolint:errcheck // only the status counts
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("%s answers %s", address, res.Status)
		}
		return nil
	})
}
