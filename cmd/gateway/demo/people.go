// Package demo is what `gateway demo` adds to the program: a seeded team with its customers and their history, a shop's website with
// the chat widget, the customers' side of mail and SMS, and a trickle of simulated customers.
//
// It talks to the gateway as the outside does, over SMTP, signed webhooks and the widget's websocket; only the seed writes to the
// record directly, through the same ledger, with its clock in the past. It is started by cmd/gateway and never used by serve.
package demo

import (
	"sportello/channels"
	"sportello/inbox"
	"sportello/router/roster"
)

// The accounts of the demo.
const (
	Mailbox  = "support@bottegalume.example"
	Number   = "+390236714980"
	EmailID  = channels.AccountID("support")
	SMSID    = channels.AccountID("sms")
	ChatID   = channels.AccountID("shop")
	Password = "lume-demo-2026" // of every agent and of the mailbox; the demo listens on loopback only
)

// The queues.
const (
	Sales   = inbox.QueueID("vendite")
	Support = inbox.QueueID("assistenza")
	Billing = inbox.QueueID("amministrazione")
)

// Person is a customer of the shop.
type Person struct {
	Name, Email, Phone string
	Locale             string
	Tier               string
	Prefers            channels.Kind
}

// Anna is the customer as whom the website lets one sign in.
var Anna = Person{Name: "Anna Rossi", Email: "anna.rossi@posta.example", Phone: "+393331112233", Locale: "it", Tier: "gold", Prefers: channels.SMS}

// People are the customers who have written before.
func People() []Person {
	return []Person{
		Anna,
		{Name: "Luca Bianchi", Email: "luca.bianchi@posta.example", Phone: "+393472223344", Locale: "it", Prefers: channels.SMS},
		{Name: "Sara Colombo", Email: "sara.colombo@posta.example", Phone: "+393483334455", Locale: "it"},
		{Name: "John Miller", Email: "john.miller@mail.example", Phone: "+447700900123", Locale: "en"},
	}
}

func team() []roster.Agent {
	italian, english, german := inbox.Requirement{Skill: "italiano", Level: 5}, inbox.Requirement{Skill: "inglese", Level: 4}, inbox.Requirement{Skill: "tedesco", Level: 3}
	level := func(r inbox.Requirement, n int) inbox.Requirement { r.Level = n; return r }
	all := []inbox.QueueID{Sales, Support, Billing}
	return []roster.Agent{
		{ID: "giulia", Email: "giulia@bottegalume.example", Name: "Giulia Ferri", PublicName: "Giulia", Role: roster.RoleAgent, Locale: "it",
			Skills: []inbox.Requirement{italian, english}, Queues: []inbox.QueueID{Sales, Support}, Capacity: roster.DefaultCapacity()},
		{ID: "marco", Email: "marco@bottegalume.example", Name: "Marco Riva", PublicName: "Marco", Role: roster.RoleAgent, Locale: "it",
			Skills: []inbox.Requirement{italian, level(english, 2)}, Queues: []inbox.QueueID{Support, Billing}, Capacity: roster.DefaultCapacity()},
		{ID: "lea", Email: "lea@bottegalume.example", Name: "Lea Conti", PublicName: "Lea", Role: roster.RoleAgent, Locale: "en",
			Skills: []inbox.Requirement{level(italian, 3), level(english, 5), german}, Queues: []inbox.QueueID{Sales, Support}, Capacity: roster.DefaultCapacity()},
		{ID: "carla", Email: "carla@bottegalume.example", Name: "Carla Neri", PublicName: "Carla", Role: roster.RoleManager, Locale: "it",
			Skills: []inbox.Requirement{italian, english}, Queues: all, Capacity: roster.DefaultCapacity()},
	}
}
