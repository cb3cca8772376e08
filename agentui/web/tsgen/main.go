// Command tsgen prints the TypeScript types of everything that the gateway and the console say to each other: the structs of
// agentui/wire, the frames of router/hub, and whatever they reach in inbox, inbox/customer, inbox/journal, inbox/live and channels.
//
// It is run when the front end is built: go run ./agentui/web/tsgen > agentui/web/src/wire/types.ts. The output is never committed.
// It must never print a type by hand that a Go struct could give, so that the two sides cannot drift apart.
package main

import (
	"fmt"
	"os"
)

func main() {
	if _, err := os.Stdout.WriteString(generate()); err != nil {
		fmt.Fprintln(os.Stderr, "tsgen:", err)
		os.Exit(1)
	}
}
