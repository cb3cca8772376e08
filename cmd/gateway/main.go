// Command gateway is Sportello: it takes in email, SMS and live chat, keeps one inbox and one record, and serves the agents' console.
//
// Only here are adapters, stores and settings wired together. main.go reads the command line; app.go is the program as a value that
// a test starts; serve.go, demo.go and the other files are the commands.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // zones also where the system has none

	"github.com/alecthomas/kong"
)

func main() {
	if os.Getenv("GOGC") == "" {
		boundGarbage()
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// commands is the command line.
type commands struct {
	Serve    serveCmd    `cmd:"" help:"Run the gateway."`
	Staged   stagedCmd   `cmd:"" hidden:"" help:"Run a gateway of a drill."`
	Demo     demoCmd     `cmd:"" help:"Run a gateway with everything it needs in one process, a seeded team, a website and simulated customers."`
	Migrate  migrateCmd  `cmd:"" help:"Bring the record to the newest form. serve does it too, unless told not to."`
	Rebuild  rebuildCmd  `cmd:"" help:"Build the live inbox in Redis anew from the record. A running gateway does it by itself when Redis is empty."`
	Doctor   doctorCmd   `cmd:"" help:"Check the settings and everything they name: record, Redis, mailboxes, provider, accounts."`
	Audit    auditCmd    `cmd:"" help:"Print the balance sheet of a day: received, stored, shown, sent; and name whatever is missing or altered."`
	Mail     mailCmd     `cmd:"" help:"Work with single mails."`
	Campaign campaignCmd `cmd:"" help:"Send mail to many people of a list."`
	Agent    agentCmd    `cmd:"" help:"Manage agents."`
	Queue    queueCmd    `cmd:"" help:"Manage queues."`
	Drill    drillCmd    `cmd:"" help:"Start a copy of the whole system on this machine, break it on purpose, and check that nothing is lost."`
	Healthy  healthyCmd  `cmd:"" help:"Exit with 0 if the gateway of these settings answers that it is ready; for a container's health check."`
}

// world is what a command gets of the outside.
type world struct {
	ctx     context.Context //nolint:containedctx // it lives as long as the call of run
	environ []string
	out     io.Writer // what the command was asked for
	err     io.Writer // logs and errors
}

// errQuiet is returned by a command that has said itself what is wrong.
var errQuiet = errors.New("failed")

// run does what args say and returns the exit status: 0 done, 1 failed, 2 the command line is wrong.
func run(ctx context.Context, args, environ []string, out, errout io.Writer) int {
	var cli commands
	exited := -1
	parser, err := kong.New(&cli, kong.Name("gateway"), kong.Description("Sportello, an omnichannel contact-center gateway."),
		kong.Writers(out, errout), kong.UsageOnError(), kong.Exit(func(code int) { exited = code }))
	if err != nil {
		fmt.Fprintln(errout, "gateway:", err)
		return 1
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	k, err := parser.Parse(args)
	if exited >= 0 {
		return exited // --help
	}
	if err != nil {
		fmt.Fprintln(errout, "gateway:", err)
		return 2
	}
	err = k.Run(&world{ctx: ctx, environ: environ, out: out, err: errout})
	switch {
	case err == nil:
		return 0
	case !errors.Is(err, errQuiet):
		fmt.Fprintln(errout, "gateway:", err)
	}
	return 1
}

// settingsFlag is how every command finds its settings.
type settingsFlag struct {
	Settings string `help:"YAML file of settings; the environment (SPORTELLO_…) wins over it." type:"path" env:"SPORTELLO_SETTINGS" placeholder:"FILE"`
}

func (f settingsFlag) load(w *world) (Settings, error) { return load(f.Settings, w.environ) }
