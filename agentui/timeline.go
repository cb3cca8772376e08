package agentui

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"sportello/agentui/wire"
	"sportello/inbox"
	"sportello/inbox/customer"
	"sportello/inbox/journal"
)

// A page of a timeline holds about pageItems items. Events that are folded away do not count, so several reads may be needed.
const (
	pageItems = 40
	pageReads = 100
	readsMost = 10
)

// timeline is one page of what happened with a customer.
func (s *Server) timeline(c *call) (any, error) {
	who, err := s.customerOf(c)
	if err != nil {
		return nil, err
	}
	before, err := journal.ParseCursor(c.r.URL.Query().Get("before"))
	if err != nil {
		return nil, invalid("before", "format")
	}
	return s.page(c, who, before)
}

// page assembles one page, oldest first. Messages are shown as they are now, so that the events of their delivery and
// correction need no place.
func (s *Server) page(c *call, who customer.Customer, before journal.Cursor) (wire.Timeline, error) {
	names, err := s.names(c)
	if err != nil {
		return wire.Timeline{}, err
	}
	var out wire.Timeline
	next := before
	for range readsMost {
		var events []journal.Event
		if events, next, err = s.Journal.Timeline(c.ctx, string(who.ID), next, pageReads); err != nil {
			return wire.Timeline{}, err
		}
		for i, e := range events {
			item, shown, err := s.item(c.ctx, e)
			if err != nil {
				return wire.Timeline{}, err
			}
			if !shown {
				continue
			}
			item.ActorName = actorName(e.Actor, who, names)
			out.Items = append(out.Items, item)
			if len(out.Items) == pageItems && (i < len(events)-1 || !next.IsZero()) {
				next = journal.Cursor{At: e.At, ID: e.ID}
				break
			}
		}
		if len(out.Items) >= pageItems || next.IsZero() {
			break
		}
	}
	out.Before = next.String()
	slices.Reverse(out.Items)
	return out, nil
}

// item is an event as the timeline shows it; shown is false for those that are folded into others.
func (s *Server) item(ctx context.Context, e journal.Event) (wire.TimelineItem, bool, error) {
	item := wire.TimelineItem{
		ID: e.ID, Type: e.Type, At: e.At, Actor: e.Actor, Conversation: inbox.ConversationID(e.Stream.Conversation()), Seq: e.Seq,
	}
	if e.Type == journal.Delivery || e.Type == journal.Corrected {
		return item, false, nil
	}
	if e.Type == journal.CustomerChanged {
		var change customer.Change
		if err := json.Unmarshal(e.Data, &change); err != nil {
			return item, false, fmt.Errorf("event %s: %w", e.ID, err)
		}
		item.Change = &inbox.Change{Reason: string(change.What)}
		return item, change.What != customer.Created, nil
	}
	change, err := changeOf(e)
	if err != nil {
		return item, false, err
	}
	item.Number = change.Conversation.Number
	if change.Message == nil {
		change.Conversation = brief(change.Conversation)
		item.Change = &change
		return item, true, nil
	}
	item.Message = change.Message
	if change.Message.Direction == inbox.Out || change.Message.Raw != "" { // it may have been read anew
		now, err := s.Ledger.Message(ctx, change.Message.ID)
		if err != nil {
			return item, false, err
		}
		item.Message = &now
	}
	return item, true, nil
}

// changeOf is what an event of a conversation's stream carries.
func changeOf(e journal.Event) (inbox.Change, error) {
	var change inbox.Change
	if err := json.Unmarshal(e.Data, &change); err != nil {
		return change, fmt.Errorf("event %s: %w", e.ID, err)
	}
	return change, nil
}

// brief is a conversation without what a line in a timeline has no use for.
func brief(c inbox.Conversation) inbox.Conversation {
	return inbox.Conversation{
		ID: c.ID, Number: c.Number, Customer: c.Customer, Kind: c.Kind, Account: c.Account, Subject: c.Subject, State: c.State,
		Queue: c.Queue, Priority: c.Priority, Assignee: c.Assignee, Disposition: c.Disposition, Previous: c.Previous, LastSeq: c.LastSeq,
		CreatedAt: c.CreatedAt,
	}
}

// actorName is who did something, by name; "" for what is not a person.
func actorName(a journal.Actor, who customer.Customer, names map[inbox.AgentID]string) string {
	kind, id, _ := strings.Cut(string(a), ":")
	switch kind {
	case "agent":
		return names[inbox.AgentID(id)]
	case "customer":
		return who.Name
	}
	return ""
}
