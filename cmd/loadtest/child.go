package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// child is a server that this program has started. It ends with this program, however that ends.
type child struct {
	cmd   *exec.Cmd
	stop  os.Signal
	ended chan struct{}
	err   error // of Wait, once ended is closed
}

// spawn starts a program that writes its output to the file log.
func spawn(cmd *exec.Cmd, log string, stop os.Signal) (*child, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close() //nolint:errcheck // the child has its own handle
	cmd.Stdout, cmd.Stderr = out, out
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig, cmd.SysProcAttr.Setpgid = syscall.SIGKILL, true
	c := &child{cmd: cmd, stop: stop, ended: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // the death signal is tied to the thread that started the process
		defer runtime.UnlockOSThread()
		defer close(c.ended)
		err := cmd.Start()
		started <- err
		if err == nil {
			c.err = cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return c, nil
}

func (c *child) pid() int { return c.cmd.Process.Pid }

// end stops the program and waits for it.
func (c *child) end() error {
	_ = c.cmd.Process.Signal(c.stop) // it may have ended
	late := time.NewTimer(20 * time.Second)
	defer late.Stop()
	select {
	case <-c.ended:
		return nil
	case <-late.C:
		err := c.cmd.Process.Kill()
		<-c.ended
		return errors.Join(fmt.Errorf("%s did not stop in time", c.cmd.Path), err)
	}
}

// await waits until ok, or until the program has ended or 30 s are over.
func (c *child) await(ctx context.Context, log string, ok func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		err := ok(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-c.ended:
			return fmt.Errorf("%s ended: %w\n%s", c.cmd.Path, c.err, tail(log))
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w\n%s", c.cmd.Path, err, tail(log))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// tail is the end of a log.
func tail(path string) string {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}

// greets reports whether a server at address answers to say, "" for nothing, with words that begin with want.
func greets(ctx context.Context, address, say, want string) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // the greeting is what matters
	if err := conn.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return err
	}
	if _, err := io.WriteString(conn, say); err != nil {
		return err
	}
	got := make([]byte, len(want))
	if _, err := io.ReadFull(conn, got); err != nil {
		return err
	}
	if string(got) != want {
		return fmt.Errorf("%s greets with %q", address, got)
	}
	return nil
}

// free is a loopback address that nobody listens on now.
func free() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// program finds a program, also where Debian keeps what users do not call.
func program(name, debian string) (string, error) {
	for _, path := range []string{name, "/usr/sbin/" + name, "/usr/lib/postgresql/17/bin/" + name, "/usr/lib/postgresql/16/bin/" + name, "/usr/lib/postgresql/15/bin/" + name} {
		if found, err := exec.LookPath(path); err == nil {
			return found, nil
		}
	}
	return "", fmt.Errorf("%s is not installed (Debian package: %s)", name, debian)
}
