package router

import (
	"strings"
	"time"

	"sportello/channels"
	"sportello/inbox"
)

// Fact is a name that a condition may use.
type Fact struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"` // string, int, bool
	Values  []string `json:"values,omitempty"`
	Example string   `json:"example"`
}

// Facts is all that a rule may ask about a conversation. A condition that names anything else does not compile.
type Facts struct {
	Channel        string        `expr:"channel"`
	Account        string        `expr:"account"`
	Subject        string        `expr:"subject"`
	Text           string        `expr:"text"` // the beginning of the last message, at most 140 characters
	Customer       CustomerFacts `expr:"customer"`
	Hour           int           `expr:"hour"`    // 0-23, where the house is
	Weekday        string        `expr:"weekday"` // mon … sun, where the house is
	WaitingMinutes int           `expr:"waiting_minutes"`
	Returning      bool          `expr:"returning"` // continues a conversation that was closed
	Priority       int           `expr:"priority"`  // that it has now
}

// CustomerFacts is what a rule may ask about the customer.
type CustomerFacts struct {
	Name   string `expr:"name"`
	Tier   string `expr:"tier"`
	Locale string `expr:"locale"` // BCP 47, "" if unknown
}

// FactsOf gathers the facts of a conversation at a moment. zone is where the house is; nil is UTC.
func FactsOf(c inbox.Conversation, now time.Time, zone *time.Location) Facts {
	if zone == nil {
		zone = time.UTC
	}
	here := now.In(zone)
	return Facts{
		Channel:        string(c.Kind),
		Account:        string(c.Account),
		Subject:        c.Subject,
		Text:           c.Preview,
		Customer:       CustomerFacts{Name: c.CustomerName, Tier: c.CustomerTier, Locale: c.Locale},
		Hour:           here.Hour(),
		Weekday:        strings.ToLower(here.Format("Mon")),
		WaitingMinutes: int(waited(c, now) / time.Minute),
		Returning:      c.Previous != "",
		Priority:       c.Priority,
	}
}

// FactList describes Facts for the rule editor.
func FactList() []Fact {
	kinds := []string{}
	for _, k := range channels.Kinds() {
		kinds = append(kinds, string(k))
	}
	return []Fact{
		{Name: "channel", Type: "string", Values: kinds, Example: `channel == "chat"`},
		{Name: "account", Type: "string", Example: `account == "vendite"`},
		{Name: "subject", Type: "string", Example: `lower(subject) contains "fattura"`},
		{Name: "text", Type: "string", Example: `lower(text) matches "rimborso|reso"`},
		{Name: "customer.name", Type: "string", Example: `customer.name startsWith "Comune"`},
		{Name: "customer.tier", Type: "string", Example: `customer.tier in ["gold", "silver"]`},
		{Name: "customer.locale", Type: "string", Example: `customer.locale startsWith "de"`},
		{Name: "hour", Type: "int", Example: `hour >= 18 or hour < 9`},
		{Name: "weekday", Type: "string", Values: []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}, Example: `weekday in ["sat", "sun"]`},
		{Name: "waiting_minutes", Type: "int", Example: `waiting_minutes > 30`},
		{Name: "returning", Type: "bool", Example: `returning`},
		{Name: "priority", Type: "int", Example: `priority >= 70`},
	}
}

// entered is when the routing clock of a conversation began.
func entered(c inbox.Conversation) time.Time {
	if c.QueuedAt.IsZero() {
		return c.CreatedAt
	}
	return c.QueuedAt
}

// waited is how long a conversation has waited for an agent; never negative, whatever the clock did.
func waited(c inbox.Conversation, now time.Time) time.Duration { return max(0, now.Sub(entered(c))) }
