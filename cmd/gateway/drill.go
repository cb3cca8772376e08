package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"sportello/cmd/staging"
)

// drillCmd proves on this machine that nothing is lost: it breaks a copy of the whole system and draws the balance.
type drillCmd struct {
	Minutes float64 `default:"1" help:"How long customers write while things break."`
	Seed    uint64  `default:"1" help:"What breaks and when follows from it."`
	JSON    bool    `name:"json" help:"Print the result as JSON."`
	Keep    bool    `help:"Leave the folder with data and logs."`
}

// drillResult is what a drill prints.
type drillResult struct {
	Seed    uint64           `json:"seed"`
	Minutes float64          `json:"minutes"`
	Steps   []staging.Step   `json:"steps"`
	Balance *staging.Balance `json:"balance"`
	Resumed time.Duration    `json:"resumed"` // the longest from when a visitor saw his chat break until he had it again, in nanoseconds
	Pass    bool             `json:"pass"`
}

// drillPatience is how long the system may take to come to rest after the last word. A text that a gateway was handing to the provider
// when it died is looked after when the 25 seconds of its attempt are over.
const drillPatience = time.Minute

// Run drills and prints. It fails when the balance is not even.
func (c *drillCmd) Run(w *world) (err error) {
	length := time.Duration(c.Minutes * float64(time.Minute))
	if length < 10*time.Second || length > 24*time.Hour {
		return errors.New("a drill takes between ten seconds and a day")
	}
	dir, err := os.MkdirTemp("", "drill")
	if err != nil {
		return err
	}
	defer func() {
		if c.Keep {
			fmt.Fprintln(w.err, "data and logs are in", dir)
			return
		}
		err = errors.Join(err, os.RemoveAll(dir))
	}()
	result, err := c.drill(w, filepath.Clean(dir), length)
	if err != nil {
		return err
	}
	if c.JSON {
		out := json.NewEncoder(w.out)
		out.SetIndent("", "  ")
		err = out.Encode(result)
	} else {
		err = result.print(w.out)
	}
	if err == nil && !result.Pass {
		return errQuiet
	}
	return err
}

// drill runs one drill in dir.
func (c *drillCmd) drill(w *world, dir string, length time.Duration) (result *drillResult, err error) {
	binary, err := os.Executable()
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(w.err, "seed %d, %s: PostgreSQL, Redis, mail and SMS providers, %d gateways\n", c.Seed, length, drillGateways)
	s, err := staging.New(w.ctx, staging.Options{Binary: binary, Dir: dir, Redis: staging.Watched, Gateways: drillGateways,
		Visitors: 12, Phones: 6, Writers: 3, Agents: 8})
	defer func() { err = errors.Join(err, s.Close()) }()
	if err != nil {
		return nil, err
	}
	result = &drillResult{Seed: c.Seed, Minutes: c.Minutes, Steps: staging.Plan(c.Seed, length, drillGateways)}
	pace := staging.Pace{Chat: time.Second, SMS: time.Second, Mail: 2 * time.Second}
	result.Balance, err = s.Drive(w.ctx, pace, drillPatience, func(ctx context.Context) error {
		return s.Act(ctx, result.Steps, length, func(what string) { fmt.Fprintln(w.err, what) })
	})
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, s.Logs())
	}
	result.Resumed, result.Pass = staging.Longest(s.Back()), result.Balance.OK()
	return result, nil
}

const drillGateways = 2

// print writes the balance for people.
func (r *drillResult) print(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "channel\tsaid\tstored\tshown\twritten\tarrived\tunknown\tfailed\twaiting\t")
	for _, kind := range slices.Sorted(maps.Keys(r.Balance.Channels)) {
		s := r.Balance.Channels[kind]
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", kind, s.Said, s.Stored, s.Shown, s.Written, s.Arrived, s.Unknown, s.Failed, s.Waiting)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "chats that visitors saw break were back within %s; conversations ended %d times; at rest after %s\n",
		r.Resumed.Round(time.Millisecond), r.Balance.Closed, r.Balance.Rest.Round(100*time.Millisecond))
	for _, p := range r.Balance.Problems {
		fmt.Fprintln(out, "-", p)
	}
	word := "pass"
	if !r.Pass {
		word = "FAIL"
	}
	_, err := fmt.Fprintf(out, "%s: seed %d, %d faults, %d problems\n", word, r.Seed, len(r.Steps), len(r.Balance.Problems))
	return err
}
