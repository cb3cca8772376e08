package main

import (
	"context"
	"strings"

	"sportello/channels/email/seal"
)

// seals looks at the keys that mail is opened with (E-42): whether they are still in use, and for the address of their mailbox. What
// cannot be read at all keeps the gateway from starting, and is told with the settings.
func (d *doctor) seals(context.Context) {
	for _, e := range d.app.settings.Email {
		keys, _ := seal.Load(e.Seal.files())
		for _, f := range keys.Examine([]string{strings.ToLower(e.Address)}, d.app.now()) {
			state := "ok"
			if f.Bad {
				state = "warn"
			}
			d.note(state, e.Account+" "+f.Key, "%s", f.Detail)
		}
	}
}
