package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"
)

type serveCmd struct{ settingsFlag }

// Run runs the gateway until it is told to stop.
func (c *serveCmd) Run(w *world) error {
	s, err := c.load(w)
	if err != nil {
		return err
	}
	return serveWith(w, s, options{})
}

func serveWith(w *world, s Settings, opt options) error {
	a, err := build(w.ctx, s, s.Log.logger(w.err), opt)
	if err != nil {
		return err
	}
	return errors.Join(a.run(w.ctx, nil), a.close())
}

// stagedCmd is serve for a drill: the clock of its machine can be set. It refuses to run where anybody else could reach it.
type stagedCmd struct {
	settingsFlag
	Clock string `required:"" type:"path" help:"File with how far the machine's clock is ahead, such as -1h; none is not at all."`
}

// Run runs the gateway until it is told to stop.
func (c *stagedCmd) Run(w *world) error {
	s, err := c.load(w)
	if err != nil {
		return err
	}
	public, err := url.Parse(s.PublicURL)
	if err != nil {
		return err
	}
	for _, address := range []string{s.Listen, s.Metrics, net.JoinHostPort(public.Hostname(), "0")} {
		if !loopback(address) {
			return fmt.Errorf("%s can be reached from outside: a gateway whose clock can be set runs in drills only", address)
		}
	}
	return serveWith(w, s, options{wall: func() time.Time { return time.Now().Add(aheadBy(c.Clock)) }})
}

// aheadBy reads how far a clock is ahead.
func aheadBy(file string) time.Duration {
	raw, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	by, err := time.ParseDuration(strings.TrimSpace(string(raw)))
	if err != nil {
		return 0
	}
	return by
}

// loopback reports whether only this machine reaches an address.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
