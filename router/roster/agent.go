package roster

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/live"
)

// The errors that callers tell apart.
var (
	ErrUnknown     = errors.New("roster: no such agent or queue")
	ErrTaken       = errors.New("roster: the id or the address is taken")
	ErrCredentials = errors.New("roster: the address and the password do not belong together")
)

// Invalid says which field of what was asked cannot be accepted, and why: a code that a form can show.
type Invalid struct {
	Field string
	Code  string // required, too_long, too_short, range, unknown_queue, unknown_role, format
}

// Error names the field and the code.
func (e *Invalid) Error() string { return fmt.Sprintf("roster: %s: %s", e.Field, e.Code) }

// Role is what an agent may do. Each includes the one before.
type Role string

// The roles.
const (
	RoleAgent   Role = "agent"
	RoleManager Role = "manager" // also edits rules and sees every queue
	RoleAdmin   Role = "admin"   // also edits the roster
)

// Agent is a colleague. A disabled agent cannot sign in and is not offered work; his rows stay, because the record names him.
type Agent struct {
	ID          inbox.AgentID         `json:"id"`
	Email       string                `json:"email"` // lower case
	Name        string                `json:"name"`
	PublicName  string                `json:"public_name"` // what customers see
	Role        Role                  `json:"role"`
	Locale      string                `json:"locale"`
	Skills      []inbox.Requirement   `json:"skills"` // levels 0-5
	Queues      []inbox.QueueID       `json:"queues"`
	Capacity    map[channels.Kind]int `json:"capacity"` // conversations at once, by channel; an absent channel is switched off
	OfferFactor int                   `json:"offer_factor"`
	DisabledAt  time.Time             `json:"disabled_at,omitzero"`
	CreatedAt   time.Time             `json:"created_at"`
	UpdatedAt   time.Time             `json:"updated_at"`
}

// Profile is the agent as the live inbox has him.
func (a Agent) Profile() live.Profile {
	return live.Profile{ID: a.ID, Name: a.Name, Queues: a.Queues, Skills: a.Skills, Capacity: a.Capacity, Factor: a.OfferFactor}
}

// Serves reports whether the agent works in the queue.
func (a Agent) Serves(q inbox.QueueID) bool {
	for _, have := range a.Queues {
		if have == q {
			return true
		}
	}
	return false
}

// DefaultCapacity is what an agent gets when nothing is said.
func DefaultCapacity() map[channels.Kind]int {
	return map[channels.Kind]int{channels.Chat: 3, channels.SMS: 4, channels.Email: 5}
}

// fill puts defaults where nothing was said and brings the address to its one form.
func (a Agent) fill() Agent {
	a.Email = strings.ToLower(strings.TrimSpace(a.Email))
	a.Name = strings.TrimSpace(a.Name)
	if a.PublicName = strings.TrimSpace(a.PublicName); a.PublicName == "" {
		a.PublicName = a.Name
	}
	if a.Role == "" {
		a.Role = RoleAgent
	}
	if a.Locale == "" {
		a.Locale = "it"
	}
	if a.Capacity == nil {
		a.Capacity = DefaultCapacity()
	}
	if a.OfferFactor == 0 {
		a.OfferFactor = 1
	}
	return a
}

// check returns the first thing that cannot be accepted.
func (a Agent) check() error {
	switch {
	case a.Name == "":
		return &Invalid{"name", "required"}
	case utf8.RuneCountInString(a.Name) > 80 || utf8.RuneCountInString(a.PublicName) > 80:
		return &Invalid{"name", "too_long"}
	case len(a.Email) > 254 || strings.Count(a.Email, "@") != 1 || strings.ContainsAny(a.Email, " \t\r\n<>,;"):
		return &Invalid{"email", "format"}
	case a.Role != RoleAgent && a.Role != RoleManager && a.Role != RoleAdmin:
		return &Invalid{"role", "unknown_role"}
	case a.OfferFactor < 1 || a.OfferFactor > 10:
		return &Invalid{"offer_factor", "range"}
	}
	for _, n := range a.Capacity {
		if n < 0 || n > 100 {
			return &Invalid{"capacity", "range"}
		}
	}
	for _, s := range a.Skills {
		if s.Skill == "" || s.Level < 0 || s.Level > 5 {
			return &Invalid{"skills", "range"}
		}
	}
	return nil
}
