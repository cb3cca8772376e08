// Package inboxtest starts the servers that tests of the record and of the live inbox run on: a real PostgreSQL and a real Redis,
// each once per test binary, on loopback or a unix socket only, dying with the test binary. Only tests may import it.
//
// A server that is not installed fails the test with the name of the Debian package; it is never passed over.
package inboxtest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patience is how long a server may take to start; a machine under load is slow.
const patience = 90 * time.Second

// Main runs the tests of a package, stops the servers they started and fails when a goroutine is left over. It exits:
// func TestMain(m *testing.M) { inboxtest.Main(m) }.
func Main(m *testing.M) {
	code := m.Run()
	children.stop()
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// children are the servers of this test binary. They are state of the process by nature: one TestMain stops what many tests share.
var children family

type family struct {
	mu    sync.Mutex
	stops []func()
}

func (f *family) add(stop func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stops = append(f.stops, stop)
}

func (f *family) stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, stop := range f.stops {
		stop()
	}
	f.stops = nil
}

// start runs cmd until Main ends, in a thread of its own: the kernel ends the child when that thread ends, however the test
// binary came to its end. dir is removed after the child.
func start(cmd *exec.Cmd, dir string, end syscall.Signal) error {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = end
	started, ended := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer close(ended)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // it ends by our signal
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	children.add(func() {
		_ = cmd.Process.Signal(end) // it may have ended by itself
		<-ended
		_ = os.RemoveAll(dir)
	})
	return nil
}

// until polls ready until it succeeds.
func until(ctx context.Context, ready func(context.Context) error) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not ready: %w", err)
		case <-tick.C:
		}
	}
}

// scratch is a new directory, in memory where there is room: a test waits for no disk. Its path is short enough for a socket.
func scratch(name string) (string, error) {
	const room, memory = 1 << 30, "/dev/shm"
	var fs syscall.Statfs_t
	if err := syscall.Statfs(memory, &fs); err == nil && fs.Bavail*uint64(fs.Bsize) > room {
		if dir, err := os.MkdirTemp(memory, name); err == nil {
			return dir, nil
		}
	}
	return os.MkdirTemp("/tmp", name)
}
