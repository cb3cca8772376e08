package inbox

import (
	"sportello/channels"
	"sportello/inbox/customer"
	"sportello/inbox/journal"
)

// ReplyCmd is a reply of an agent. Kind, Account and Address are what customer.Reach chose, or what he chose himself (Pinned).
type ReplyCmd struct {
	Conversation ConversationID
	Agent        AgentID
	AgentName    string // as customers see it
	ClientID     string // the agent's own id of this reply; a repeat answers with the first result
	SeenSeq      int64  // the newest position that he has on his screen
	Text         string
	HTML         string
	Parts        []channels.Part
	Kind         channels.Kind
	Account      channels.AccountID
	Address      string
	To           []channels.Address // mail: to whom, instead of Address alone
	Cc           []channels.Address // mail
	Bcc          []channels.Address // mail
	Confirmed    []string           // addresses that were never on this conversation and that he has confirmed
	Subject      string             // mail: instead of the conversation's own
	Pinned       bool               // no other channel may be used
	Verdict      customer.Verdict
	Force        bool // he has seen what held it back
	AsManager    bool // may answer in a conversation that is not his
}

// NoteCmd is an internal note.
type NoteCmd struct {
	Conversation ConversationID
	Agent        AgentID
	AgentName    string // as colleagues see it
	ClientID     string
	Text         string
	Parts        []channels.Part
}

// PlaceCmd puts a conversation into a queue.
type PlaceCmd struct {
	Conversation ConversationID
	Queue        QueueID
	Priority     int
	Skills       []Requirement
	Decision     Decision
	Actor        journal.Actor // "": the rules
	OnlyNew      bool          // place it only while it is new: what is placed is not moved silently (S5)
}

// AssignCmd gives a conversation to an agent.
type AssignCmd struct {
	Conversation ConversationID
	Agent        AgentID
	Decision     Decision
	Actor        journal.Actor // "": the agent himself
}

// TransferCmd passes a conversation on, to a queue or to an agent, who is offered it first.
type TransferCmd struct {
	Conversation ConversationID
	Actor        journal.Actor
	ActorName    string  // of the author of Note
	ToQueue      QueueID // "": it stays in its queue
	ToAgent      AgentID
	Note         string
	Reason       string
	AsManager    bool // may pass on what is not his
}

// RequeueCmd takes a conversation back from an agent who is gone. It does nothing when he does not have it any more.
type RequeueCmd struct {
	Conversation ConversationID
	Agent        AgentID
	Reason       string
}

// CloseCmd ends a conversation.
type CloseCmd struct {
	Conversation ConversationID
	Actor        journal.Actor
	ActorName    string // of the author of Note
	Disposition  string
	Note         string
	AsManager    bool  // may close what is not his
	SeenSeq      int64 // position of the last message he has seen: what the customer wrote since keeps it open. 0 does not ask
}

// ReopenCmd opens a closed conversation again by hand.
type ReopenCmd struct {
	Conversation ConversationID
	Actor        journal.Actor
	Reason       string
}
