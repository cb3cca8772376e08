package main

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// runCmd measures a gateway that somebody else runs. Its chat_limits must allow what is asked of it from one address.
type runCmd struct {
	Seconds int            `help:"Length of each measurement." default:"10"`
	Rows    []string       `help:"What to measure: ${enum}." enum:"chat,light,reply,reply-light" default:"chat,light,reply,reply-light"`
	Public  string         `required:"" help:"The gateway's public address." placeholder:"http://HOST:PORT"`
	Origin  string         `required:"" help:"A page that may embed the chat." placeholder:"https://HOST"`
	Account string         `required:"" help:"The chat account."`
	Manager string         `required:"" help:"Address of a manager, who gives conversations to the agents."`
	Agent   []string       `required:"" help:"Addresses of agents, each of whom serves a queue; fewest screens see each message if each has his own."`
	PID     map[string]int `help:"Processes on this machine whose time is counted." placeholder:"gateway=N;postgres=N;redis=N"`
	JSON    bool           `help:"Print the figures as JSON."`
}

// passwordVariable holds the password of manager and agents: arguments are seen by everybody on the machine.
const passwordVariable = "LOADTEST_PASSWORD"

// Run measures and prints.
func (c *runCmd) Run(w *world) error {
	start := time.Now()
	b := &bench{
		opt: measuring{Seconds: c.Seconds}, limits: &limits{}, report: newReport(),
		say: func(s string) { fmt.Fprintf(w.err, "%6.1fs %s\n", time.Since(start).Seconds(), s) },
		target: target{public: strings.TrimSuffix(c.Public, "/"), origin: c.Origin, account: c.Account, pids: c.PID,
			manager: c.Manager, agents: c.Agent},
	}
	for _, e := range w.environ {
		if word, ok := strings.CutPrefix(e, passwordVariable+"="); ok {
			b.password = word
		}
	}
	if b.password == "" {
		return errors.New("the environment variable " + passwordVariable + " must hold the agents' password")
	}
	if err := b.signIn(w.ctx); err != nil {
		return err
	}
	if err := b.chatRows(w.ctx, contains(c.Rows)); err != nil {
		return err
	}
	if c.JSON {
		return b.report.writeJSON(w.out)
	}
	b.report.writeText(w.out)
	return nil
}
