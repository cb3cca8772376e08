package router

import (
	"encoding/json"

	"sportello/inbox"
)

// The reasons of decisions.
const (
	ReasonRule        = "rule"         // placed by a rule
	ReasonLongestIdle = "longest_idle" // of several who could take it, free for the longest
	ReasonOnlyOne     = "only_one"     // nobody else could take it
	ReasonSticky      = "sticky"       // had it before, or it was passed on to him
	ReasonStickyWait  = "sticky_wait"  // waits a moment for the one who had it before
	ReasonTaken       = "taken"        // he pulled it himself
	ReasonNobody      = "nobody"       // nobody can take it now
	ReasonAgentLost   = "agent_lost"   // taken back from an agent whose console is gone
)

// The codes of why an agent was not chosen.
const (
	NotInQueue   = "NOT_IN_QUEUE"
	Unreachable  = "UNREACHABLE" // chose to be available, but his console is not connected
	Away         = "AWAY"        // away or offline
	NoSkill      = "NO_SKILL"
	SkillTooLow  = "SKILL_TOO_LOW"
	MissedThis   = "MISSED_THIS_ONE" // declined or missed it lately
	AtCapacity   = "AT_CAPACITY"
	OfferPending = "OTHER_OFFER_PENDING" // one offer at a time
)

// MaxDecision is the size of a decision in the record, in bytes of JSON.
const MaxDecision = 1024

const (
	maxSkipped  = 5 // the index of the matched rule tells the rest
	maxNames    = 5
	maxNameLong = 40 // characters
)

// Fit shortens a decision until its JSON is at most MaxDecision bytes: first the lists and names it can do without (the rules'
// version and the index say the same), then the names of agents, whose count remains. A decision that fits is returned as it is.
func Fit(d inbox.Decision) inbox.Decision {
	d.Rule, d.AgentName = short(d.Rule), short(d.AgentName)
	if len(d.Skipped) > maxSkipped {
		d.Skipped = d.Skipped[:maxSkipped]
	}
	for names := maxNames; ; names-- {
		if fits(d) {
			return d
		}
		switch {
		case names > 0:
			d.Excluded = trimNames(d.Excluded, names-1)
		case d.Skipped != nil:
			d.Skipped = nil
		case d.Skills != nil:
			d.Skills = nil
		default:
			d.Rule, d.AgentName, d.Excluded = "", "", nil
			return d
		}
	}
}

func fits(d inbox.Decision) bool {
	raw, err := json.Marshal(d)
	return err == nil && len(raw) <= MaxDecision
}

func trimNames(groups []inbox.ExcludedAgents, n int) []inbox.ExcludedAgents {
	kept := make([]inbox.ExcludedAgents, len(groups))
	for i, g := range groups {
		g.Agents = g.Agents[:min(n, len(g.Agents))]
		kept[i] = g
	}
	return kept
}

func short(s string) string {
	n := 0
	for i := range s {
		if n++; n > maxNameLong {
			return s[:i]
		}
	}
	return s
}
