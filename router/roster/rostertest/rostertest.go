// Package rostertest has the people of whom tests to the right of the roster speak. Only tests may import it.
package rostertest

import (
	"strings"
	"testing"

	"sportello/inbox"
	"sportello/router/roster"
)

// Password is everybody's.
const Password = "correct horse battery"

// Email is the address by which somebody signs in.
func Email(id inbox.AgentID) string { return string(id) + "@negozio.example" }

// People puts two agents of the queue sales (anna, bruno), one of support (carla) and a manager (mara) into an empty roster.
func People(t testing.TB, book *roster.Book) {
	t.Helper()
	for _, q := range []inbox.QueueID{"sales", "support"} {
		if _, err := book.AddQueue(t.Context(), roster.Queue{ID: q, Name: string(q)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, a := range []roster.Agent{
		{ID: "anna", Queues: []inbox.QueueID{"sales"}}, {ID: "bruno", Queues: []inbox.QueueID{"sales"}},
		{ID: "carla", Queues: []inbox.QueueID{"support"}}, {ID: "mara", Role: roster.RoleManager},
	} {
		a.Name, a.Email, a.PublicName = strings.ToUpper(string(a.ID)), Email(a.ID), "Public "+string(a.ID)
		if _, err := book.Add(t.Context(), a, Password); err != nil {
			t.Fatal(err)
		}
	}
}
