package router

import (
	"math"
	"slices"
	"strings"

	"sportello/inbox"
	"sportello/inbox/live"
)

// unfit says why an agent can never take an item, or "".
func unfit(it *live.Item, s *seat) string {
	if !slices.Contains(s.Queues, it.Queue) {
		return NotInQueue
	}
	code := ""
	for _, need := range it.Skills {
		level, has := 0, false
		for _, have := range s.Skills {
			if have.Skill == need.Skill {
				level, has = max(level, have.Level), true
			}
		}
		if !has {
			return NoSkill
		}
		if level < need.Level {
			code = SkillTooLow
		}
	}
	return code
}

// matched are the required skills that an agent has, with the levels that he has.
func matched(needs, has []inbox.Requirement) []inbox.Requirement {
	var all []inbox.Requirement
	for _, need := range needs {
		best := inbox.Requirement{Level: -1}
		for _, have := range has {
			if have.Skill == need.Skill && have.Level > best.Level {
				best = have
			}
		}
		if best.Skill != "" {
			all = append(all, best)
		}
	}
	return all
}

// absent says why an agent is not at work now, or "" (test 3: such an agent never gets an offer).
func (f *floor) absent(s *seat) string {
	switch {
	case s.Presence != live.Available:
		return Away
	case !s.Connected:
		return Unreachable
	}
	return ""
}

// missed reports whether the agent declined or missed this item lately.
func (f *floor) missed(it *live.Item, s *seat) bool { return it.Excluded[s.ID].After(f.now) }

// busy says why an agent who is here cannot take one more, or "".
func (f *floor) busy(it *live.Item, s *seat) string {
	kind := live.KindOf(it.Conversation)
	switch {
	case s.Load[kind]+s.taken[kind] >= s.Capacity[kind]:
		return AtCapacity
	case s.offered && f.policy.Mode(kind) == ModeOffer:
		return OfferPending
	}
	return ""
}

// codes is the order in which reasons are listed: what is nearest to a yes first.
var codes = [...]string{OfferPending, AtCapacity, MissedThis, Away, Unreachable, SkillTooLow, NoSkill, NotInQueue}

// excluded lists everybody but the chosen one by the reason that rules him out. Those of other queues are counted, not named.
// Agents who could take it as well are not listed: they are not ruled out.
func (f *floor) excluded(it *live.Item, chosen inbox.AgentID) []inbox.ExcludedAgents {
	d := f.demand(it)
	plain := chosen == "" && len(it.Excluded) == 0
	if plain && d.reasons != nil {
		return d.reasons
	}
	groups := make([]inbox.ExcludedAgents, len(codes))
	add := func(s *seat, code string) {
		if s.ID == chosen || code == "" {
			return
		}
		g := &groups[slices.Index(codes[:], code)]
		g.Count++
		if g.Code = code; code != NotInQueue && len(g.Agents) < maxNames {
			g.Agents = append(g.Agents, short(s.Name))
		}
	}
	for _, v := range d.unfit {
		add(v.seat, v.code)
	}
	for _, s := range d.pool {
		code := f.absent(s)
		if code == "" && f.missed(it, s) {
			code = MissedThis
		}
		if code == "" {
			code = f.busy(it, s)
		}
		add(s, code)
	}
	kept := []inbox.ExcludedAgents{}
	for _, g := range groups {
		if g.Count > 0 {
			if g.Agents == nil {
				g.Agents = []string{}
			}
			kept = append(kept, g)
		}
	}
	if plain { // made to fit once for all items of the demand
		kept = Fit(inbox.Decision{RulesVersion: math.MaxInt32, Queue: it.Queue, AgentName: strings.Repeat("è", maxNameLong),
			Reason: ReasonStickyWait, WaitSeconds: math.MaxInt32, Excluded: kept}).Excluded
		d.reasons = kept
	}
	return kept
}
