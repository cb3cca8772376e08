// Command loadtest drives a gateway from outside and prints what it can do: throughput, quantiles of latency, processor time of each
// process and memory, each as a ratio to what the same machine can do at best with the same parts, measured in the same run.
//
// `loadtest up` starts everything it needs on this machine (Linux): a PostgreSQL and a Redis that flush to disk, a Dovecot, a double of
// the SMS provider, and the gateway. `loadtest run` drives a gateway that is already there. It must never look into the gateway but by
// what it shows to everybody, except that it counts rows of the record to see when mail has arrived. `make loadtest` starts it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"sportello/channels/channeltest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// commands is the command line.
type commands struct {
	Up      upCmd      `cmd:"" help:"Start everything that is needed and measure it."`
	Run     runCmd     `cmd:"" help:"Measure the chat of a gateway that runs already."`
	Forward forwardCmd `cmd:"" hidden:"" help:"Forward between websockets; started by up."`
}

// world is what a command gets of the outside.
type world struct {
	environ  []string
	ctx      context.Context //nolint:containedctx // it lives as long as the call of run
	out, err io.Writer
}

// errMissed is returned when a figure has not reached its bar and the caller wants to know by the exit status.
var errMissed = errors.New("bars were missed")

// run does what args say and returns the exit status: 0 done, 1 failed, 2 the command line is wrong.
func run(ctx context.Context, args, environ []string, out, errout io.Writer) int {
	var cli commands
	exited := -1
	parser, err := kong.New(&cli, kong.Name("loadtest"), kong.Description("Measures a Sportello gateway from outside."),
		kong.Writers(out, errout), kong.Exit(func(code int) { exited = code }))
	if err != nil {
		fmt.Fprintln(errout, "loadtest:", err)
		return 1
	}
	k, err := parser.Parse(args)
	if exited >= 0 {
		return exited // --help
	}
	if err != nil {
		fmt.Fprintln(errout, "loadtest:", err)
		return 2
	}
	if err := k.Run(&world{environ: environ, ctx: ctx, out: out, err: errout}); err != nil {
		fmt.Fprintln(errout, "loadtest:", err)
		return 1
	}
	return 0
}

// forwardCmd is the bare server that limits are measured against.
type forwardCmd struct {
	Address string `arg:""`
}

// Run serves until it is told to stop.
func (c *forwardCmd) Run(w *world) error {
	web := &http.Server{Addr: c.Address, Handler: channeltest.NewForward(), ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(w.ctx, func() { _ = web.Close() })()
	if err := web.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
