package agentui

import (
	"sportello/agentui/wire"
	"sportello/inbox"
	"sportello/router"
)

// rules is the version in force.
func (s *Server) rules(c *call) (any, error) {
	if err := allow(c.me, verbRules, inbox.Conversation{}); err != nil {
		return nil, err
	}
	set, err := s.Rules.Current(c.ctx)
	return wireSet(set), err
}

// ruleVersions lists what was published.
func (s *Server) ruleVersions(c *call) (any, error) {
	const most = 100
	if err := allow(c.me, verbRules, inbox.Conversation{}); err != nil {
		return nil, err
	}
	sets, err := s.Rules.Versions(c.ctx, most)
	out := make([]wire.RuleSet, 0, len(sets))
	for _, set := range sets {
		out = append(out, wireSet(set))
	}
	return out, err
}

// checkRules says what is wrong with rules that somebody writes.
func (s *Server) checkRules(c *call) (any, error) {
	var in wire.CheckRules
	if err := allow(c.me, verbRules, inbox.Conversation{}); err != nil {
		return nil, err
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	_, problems, err := s.Rules.Check(c.ctx, routerRules(in.Rules))
	return ruleCheck(problems), err
}

// publishRules puts rules in force.
func (s *Server) publishRules(c *call) (any, error) {
	var in wire.PublishRules
	if err := allow(c.me, verbRules, inbox.Conversation{}); err != nil {
		return nil, err
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if err := clientID(in.ClientID); err != nil {
		return nil, err
	}
	return s.repeats.once(c, in.ClientID, func() (any, error) {
		set, err := s.Rules.Publish(c.ctx, in.Base, routerRules(in.Rules), string(c.me.ID), in.Message)
		return wireSet(set), err
	})
}

func routerRules(rules []wire.Rule) []router.Rule {
	out := make([]router.Rule, 0, len(rules))
	for _, r := range rules {
		out = append(out, router.Rule(r))
	}
	return out
}

func wireSet(set router.RuleSet) wire.RuleSet {
	rules := make([]wire.Rule, 0, len(set.Rules))
	for _, r := range set.Rules {
		rules = append(rules, wire.Rule(r))
	}
	return wire.RuleSet{Version: set.Version, Rules: rules, Author: set.Author, Message: set.Message, At: set.At}
}

// ruleCheck is problems with the names that conditions may use.
func ruleCheck(problems []router.RuleProblem) wire.RuleCheck {
	var out wire.RuleCheck
	for _, p := range problems {
		out.Problems = append(out.Problems, wire.RuleProblem(p))
	}
	for _, f := range router.FactList() {
		out.Facts = append(out.Facts, wire.Fact(f))
	}
	return out
}
