package main

import (
	"errors"
)

type serveCmd struct{ settingsFlag }

// Run runs the gateway until it is told to stop.
func (c *serveCmd) Run(w *world) error {
	s, err := c.load(w)
	if err != nil {
		return err
	}
	log := s.Log.logger(w.err)
	a, err := build(w.ctx, s, log, options{})
	if err != nil {
		return err
	}
	return errors.Join(a.run(w.ctx, nil), a.close())
}
