package main

import (
	"time"
)

// ChatLimits hold strangers off; 0 is the default named beside it. Behind a proxy that hides addresses, per_ip and
// visits_per_minute must be raised: all visitors seem to come from there.
type ChatLimits struct {
	Sockets         int           `koanf:"sockets"`           // of this gateway; 20,000
	PerIP           int           `koanf:"per_ip"`            // connections of one address; 64
	PerVisitor      int           `koanf:"per_visitor"`       // connections of one visitor; 10
	VisitsPerMinute int           `koanf:"visits_per_minute"` // of one address; 120
	Messages        int           `koanf:"messages"`          // of one visitor in a row; 12
	MessageEvery    time.Duration `koanf:"message_every"`     // after which he may send one more; 1s
}

func (l ChatLimits) check(found *problems) {
	if min(l.Sockets, l.PerIP, l.PerVisitor, l.VisitsPerMinute, l.Messages) < 0 || l.MessageEvery < 0 {
		found.add("chat_limits", "a limit is negative")
	}
}

// ChatSettings are one chat inbox, the widget of one website.
type ChatSettings struct {
	Account string   `koanf:"account"`
	Name    string   `koanf:"name"`
	Origins []string `koanf:"origins"`  // of the pages that may embed the widget: https://www.example.it
	JWTKeys []string `koanf:"jwt_keys"` // HS256 secrets with which the website signs its customers' tokens; two while one is replaced
	Locale  string   `koanf:"locale"`
	Welcome string   `koanf:"welcome"`
	Colour  string   `koanf:"colour"`
}
