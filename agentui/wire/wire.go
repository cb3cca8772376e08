// Package wire holds what the staff HTTP API and the console say to each other. TypeScript types are generated from these structs
// (and from those of inbox, inbox/customer, inbox/journal, inbox/live and router/hub that they name) when the front end is built.
//
// Every answer is JSON. Every command that writes carries ClientID, a UUID made by the client and the same at every retry; a repeat
// is answered with the first result. Errors are Problem with a stable Code that the console translates; no sentence of the server
// is ever shown.
//
//	POST   /api/session                       SignIn → Me            (cookie; 401 bad_credentials, 429 too_many)
//	POST   /api/session/demo                  DemoSignIn → Me        (only in the demo; 404 otherwise)
//	GET    /api/session/demo                  → []DemoPerson         (only in the demo)
//	GET    /api/session                       → Me                   (401 unauthenticated)
//	DELETE /api/session                       → 204
//	PUT    /api/me/presence                   SetPresence → live.AgentState
//	GET    /api/work                          → Work                 the start of a console, with its position in the feed
//	GET    /api/socket                        websocket, see package router/hub
//	GET    /api/directory                     → Directory            queues and colleagues
//	GET    /api/search?q=                     → []SearchHit
//	GET    /api/conversations/{id}            → Thread               id may be a number
//	GET    /api/conversations/{id}/messages?before=SEQ → []inbox.Message  older ones
//	GET    /api/conversations/{id}/reach?kind= → customer.Verdict    which channel a reply would take, and why
//	POST   /api/conversations/{id}/reply      Reply → ReplyResult    (409 held, with ReplyResult; 422 refused, new_recipient, forbidden_recipient)
//	GET    /api/conversations/{id}/envelope   → Envelope             to whom a reply by mail would go
//	POST   /api/conversations/{id}/messages/{mid}/cancel  Command → inbox.Message  takes a reply back (409 too_late)
//	POST   /api/files?name=                   the file's bytes → Attachment  (413 too_large)
//	POST   /api/conversations/{id}/note       Note → inbox.Message
//	POST   /api/conversations/{id}/take       Command → inbox.Conversation  pull it from its queue
//	POST   /api/conversations/{id}/transfer   Transfer → inbox.Conversation
//	POST   /api/conversations/{id}/close      Close → inbox.Conversation
//	POST   /api/conversations/{id}/reopen     Command → inbox.Conversation
//	POST   /api/conversations/{id}/merge      Merge → inbox.Conversation    the one it goes on in (409 merged, other_customer, closed)
//	POST   /api/conversations/{id}/split      Command → inbox.Conversation  undoes its merge (409 final)
//	POST   /api/offers/{id}/accept            Command → inbox.Conversation  (409 offer_gone)
//	POST   /api/offers/{id}/decline           Decline → 204
//	GET    /api/customers/{id}                → customer.Customer
//	GET    /api/customers/{id}/timeline?before= → Timeline
//	PATCH  /api/customers/{id}                CustomerPatch → customer.Customer
//	POST   /api/customers/{id}/identities     NewIdentity → customer.Customer
//	PUT    /api/customers/{id}/preference     SetPreference → customer.Customer
//	GET    /api/customers/{id}/subscriptions  → []Subscription       the mailing lists of the house, and those that the ledger names besides
//	PUT    /api/customers/{id}/subscriptions/{list}  Subscribe → customer.Customer
//	GET    /api/messages/{id}/html?images=1   sanitised HTML document of its own policy, for a sandboxed frame; lang=en names its buttons
//	GET    /api/messages/{id}/raw             the raw message as a download
//	POST   /api/messages/{id}/branch          Command → inbox.Conversation  begins one with the sender of a mail that this one passes on
//	GET    /api/messages/{id}/parts/{n}       an attachment, always with Content-Disposition and nosniff  (403 file_held)
//	GET    /api/messages/{id}/parts.zip       all attachments in one archive
//	GET    /api/rules                         → RuleSet              the version in force (managers)
//	GET    /api/rules/versions                → []RuleSet            newest first, at most 100
//	POST   /api/rules/check                   CheckRules → RuleCheck
//	POST   /api/rules                         PublishRules → RuleSet (409 version_conflict, 422 bad_rules with RuleCheck)
//	GET    /api/health/channels               → []ChannelHealth
//	POST   /api/health/channels/{account}/retry  Command → 204       has messages that are held back tried again (managers)
//	GET    /api/deliveries?kind=&before=      → Deliveries           what did not arrive, of an inbox.ReportKind or of all, and what was stopped
//	POST   /api/deliveries/release            Release → 204          (managers)
package wire

import (
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/customer"
	"sportello/inbox/journal"
	"sportello/inbox/live"
)

// Problem is the body of every answer of 4xx and 5xx, as application/problem+json (RFC 9457).
//
//	400 bad_request          401 unauthenticated, bad_credentials    403 forbidden, csrf, not_yours
//	404 not_found, no_route  409 held (with ReplyResult), taken, state, closed, too_late, not_waiting, no_room, not_here, offer_gone (Fields: how,
//	                             by), version_conflict, no_rules, merged (Fields: into), other_customer, final
//	413 too_large            415 not_json                            429 too_many (Retry-After)
//	422 invalid (Fields), refused, new_recipient, forbidden_recipient (with ReplyResult), no_files, bad_rules (with RuleCheck), bad_html, recipient, no_account, empty
//	500 internal             503 rebuilding, unavailable, timeout (Retry-After: the same command may be sent again)
//
// "With" means that the members of that struct stand beside these.
type Problem struct {
	Status int               `json:"status"`
	Code   string            `json:"code"`             // stable, translated by the console: errors.<code>
	Fields map[string]string `json:"fields,omitempty"` // code by field
	Detail string            `json:"detail,omitempty"` // for a log; never shown
}

// SignIn is an agent's address and password.
type SignIn struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

// DemoSignIn names one of the demo's people.
type DemoSignIn struct {
	Agent inbox.AgentID `json:"agent"`
}

// DemoPerson is somebody whom one click signs in.
type DemoPerson struct {
	Agent inbox.AgentID `json:"agent"`
	Name  string        `json:"name"`
	Role  string        `json:"role"`
}

// Me is who is signed in.
type Me struct {
	Agent  inbox.AgentID `json:"agent"`
	Name   string        `json:"name"`
	Email  string        `json:"email"`
	Role   string        `json:"role"` // agent, manager, admin
	Locale string        `json:"locale"`
	Demo   bool          `json:"demo,omitempty"`
	CSRF   string        `json:"csrf"` // sent back in the header X-CSRF-Token by every command
}

// SetPresence changes what the agent chose.
type SetPresence struct {
	Presence live.Presence `json:"presence"`
	Reason   string        `json:"reason,omitempty"`
}

// Work is everything the list needs, and where in the feed it stands.
type Work struct {
	Position live.Position        `json:"position"`
	Me       live.AgentState      `json:"me"`
	Mine     []inbox.Conversation `json:"mine"`    // assigned to me
	Waiting  []inbox.Conversation `json:"waiting"` // in the queues I serve, oldest first, at most 200
	Offer    *live.Offer          `json:"offer,omitempty"`
	Agents   []live.AgentState    `json:"agents"`
	Now      time.Time            `json:"now"`
}

// Directory is where a conversation can be sent.
type Directory struct {
	Queues []QueueEntry `json:"queues"`
	Agents []AgentEntry `json:"agents"`
}

// QueueEntry is a queue with how it does now.
type QueueEntry struct {
	ID      inbox.QueueID `json:"id"`
	Name    string        `json:"name"`
	Waiting int           `json:"waiting"`
	Oldest  time.Time     `json:"oldest,omitzero"`
	Free    int           `json:"free"` // agents who have room now
}

// AgentEntry is a colleague.
type AgentEntry struct {
	ID       inbox.AgentID         `json:"id"`
	Name     string                `json:"name"`
	Presence live.Presence         `json:"presence"`
	Load     map[channels.Kind]int `json:"load"`
	Capacity map[channels.Kind]int `json:"capacity"`
	Queues   []inbox.QueueID       `json:"queues"`
}

// SearchHit is a conversation or a customer that was found.
type SearchHit struct {
	Customer     customer.ID         `json:"customer"`
	Name         string              `json:"name"`
	Conversation *inbox.Conversation `json:"conversation,omitempty"`
	Match        string              `json:"match"` // the text that matched, at most 140 characters
}

// Thread is everything an opened conversation shows: the customer's timeline over all channels, newest page.
type Thread struct {
	Position     live.Position        `json:"position"` // taken before the rest was read: entries after it are news
	Conversation inbox.Conversation   `json:"conversation"`
	Customer     customer.Customer    `json:"customer"`
	Others       []inbox.Conversation `json:"others"` // the customer's other conversations, newest first
	Timeline     Timeline             `json:"timeline"`
	Reach        customer.Verdict     `json:"reach"`
	CanReply     bool                 `json:"can_reply"`
	Why          *inbox.Decision      `json:"why,omitempty"` // the decision that brought it to its present agent or queue
}

// Timeline is one page of what happened with a customer, over all channels and conversations, oldest first.
type Timeline struct {
	Items  []TimelineItem `json:"items"`
	Before string         `json:"before,omitempty"` // pass as ?before= for older ones; "" at the beginning
}

// TimelineItem is a message or an event. Delivery events are folded into their messages.
type TimelineItem struct {
	ID           string               `json:"id"` // of the event
	Type         journal.Type         `json:"type"`
	At           time.Time            `json:"at"`
	Actor        journal.Actor        `json:"actor"`
	ActorName    string               `json:"actor_name,omitempty"`
	Conversation inbox.ConversationID `json:"conversation,omitempty"`
	Number       int64                `json:"number,omitempty"`
	Seq          int64                `json:"seq"`
	Message      *inbox.Message       `json:"message,omitempty"`
	Change       *inbox.Change        `json:"change,omitempty"` // for events that are not messages
}

// Reply is an answer to the customer. Kind "" lets the gateway choose; otherwise Kind was chosen by the agent and is not replaced.
type Reply struct {
	ClientID string        `json:"client_id"`
	SeenSeq  int64         `json:"seen_seq"` // the last seq of the conversation on the agent's screen
	Text     string        `json:"text"`
	Kind     channels.Kind `json:"kind,omitempty"`
	Force    bool          `json:"force,omitempty"` // send although news came

	// Of a mail. Without To it goes to the address that the gateway chose. Confirmed are addresses that were never on the conversation
	// and that the agent has confirmed, each by itself. Files have been uploaded before.
	To        []string     `json:"to,omitempty"`
	Cc        []string     `json:"cc,omitempty"`
	Bcc       []string     `json:"bcc,omitempty"`
	Confirmed []string     `json:"confirmed,omitempty"`
	Subject   string       `json:"subject,omitempty"`
	Files     []Attachment `json:"files,omitempty"`
}

// Attachment is a file that was uploaded. Size and Type are what the gateway found; in a Reply they are not believed.
type Attachment struct {
	Blob channels.BlobID `json:"blob"`
	Name string          `json:"name"`
	Type string          `json:"type,omitempty"`
	Size int64           `json:"size,omitempty"`
}

// Envelope is what a reply by mail goes to and is called if the agent changes nothing. Cc is offered and not taken for granted; Known
// are the addresses that need no confirmation.
type Envelope struct {
	To      []channels.Address `json:"to"`
	Cc      []channels.Address `json:"cc"`
	Subject string             `json:"subject"`
	Known   []string           `json:"known"`
}

// ReplyResult is what became of a reply.
type ReplyResult struct {
	Done    *inbox.Message    `json:"done,omitempty"`
	Held    *HeldReply        `json:"held,omitempty"`
	Refused *customer.Verdict `json:"refused,omitempty"` // nothing may be sent: why

	CancelUntil time.Time                `json:"cancel_until,omitzero"` // of Done: until then it can be taken back
	New         []string                 `json:"new,omitempty"`         // new_recipient: addresses to confirm
	Forbidden   map[string]customer.Code `json:"forbidden,omitempty"`   // forbidden_recipient: why, by address
}

// HeldReply says that a reply was not sent because of news that its author had not seen.
type HeldReply struct {
	Reason   string          `json:"reason"` // colleague_wrote, customer_wrote
	Messages []inbox.Message `json:"messages"`
}

// Note is an internal note.
type Note struct {
	ClientID string `json:"client_id"`
	Text     string `json:"text"`
}

// Command is a command that needs nothing but its id.
type Command struct {
	ClientID string `json:"client_id"`
}

// Transfer moves a conversation to a queue or to an agent.
type Transfer struct {
	ClientID string        `json:"client_id"`
	Queue    inbox.QueueID `json:"queue,omitempty"`
	Agent    inbox.AgentID `json:"agent,omitempty"`
	Note     string        `json:"note,omitempty"`
}

// Close ends a conversation.
type Close struct {
	ClientID    string `json:"client_id"`
	Disposition string `json:"disposition"` // resolved, no_answer, spam, duplicate, other
	Note        string `json:"note,omitempty"`
	SeenSeq     int64  `json:"seen_seq,omitempty"` // of the last message that was seen: a later one of the customer's keeps it open (customer_wrote)
}

// Merge has a conversation go on in another one of the same customer.
type Merge struct {
	ClientID string               `json:"client_id"`
	Into     inbox.ConversationID `json:"into"`
}

// Decline refuses an offer.
type Decline struct {
	ClientID string `json:"client_id"`
	Reason   string `json:"reason"` // busy, not_mine, language, break, other
}

// CustomerPatch changes what is not nil.
type CustomerPatch struct {
	Name *string `json:"name,omitempty"`
	Note *string `json:"note,omitempty"`
}

// NewIdentity is an address that an agent noted.
type NewIdentity struct {
	Kind  channels.Kind `json:"kind"`
	Value string        `json:"value"`
}

// SetPreference is the channel a customer asked to be reached on; "" forgets it.
type SetPreference struct {
	Channel channels.Kind `json:"channel"`
}

// Subscription is how a customer stands to a mailing list. Because is the row of the ledger that decides; without one nothing was ever said.
type Subscription struct {
	List       string            `json:"list"`
	Name       string            `json:"name"`
	Subscribed bool              `json:"subscribed"`
	Because    *customer.Consent `json:"because,omitempty"`
	By         string            `json:"by,omitempty"`    // the agent who noted it, by name
	Known      bool              `json:"known,omitempty"` // the house has the list: one can be subscribed to it
}

// Subscribe ends a list for a customer, or begins it: then Reason says by what he agreed.
type Subscribe struct {
	Subscribed bool   `json:"subscribed"`
	Reason     string `json:"reason,omitempty"`
}

// Rule sends what matches When to a queue. When is an expr expression; "" or "true" matches all.
type Rule struct {
	Name     string              `json:"name"`
	When     string              `json:"when"`
	Queue    inbox.QueueID       `json:"queue"`
	Priority int                 `json:"priority"` // 0-100
	Skills   []inbox.Requirement `json:"skills,omitempty"`
}

// RuleSet is one published version. The last rule always matches.
type RuleSet struct {
	Version int64     `json:"version"`
	Rules   []Rule    `json:"rules"`
	Author  string    `json:"author"`
	Message string    `json:"message"`
	At      time.Time `json:"at"`
}

// CheckRules asks what is wrong with a list of rules.
type CheckRules struct {
	Rules []Rule `json:"rules"`
}

// RuleCheck lists problems and the names that conditions may use.
type RuleCheck struct {
	Problems []RuleProblem `json:"problems"`
	Facts    []Fact        `json:"facts"`
}

// RuleProblem is one fault of one rule.
type RuleProblem struct {
	Index  int    `json:"index"`            // of the rule, from 0
	Field  string `json:"field"`            // when, queue, priority, skills, name, list
	Code   string `json:"code"`             // syntax, unknown_fact, type, unknown_queue, range, last_not_always, unreachable, too_long
	Detail string `json:"detail,omitempty"` // the compiler's words with the place, for the editor
	Column int    `json:"column,omitempty"` // from 1, of When
	Fatal  bool   `json:"fatal"`            // such rules cannot be published
}

// Fact is a name that a condition may use.
type Fact struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"` // string, int, bool, list
	Values  []string `json:"values,omitempty"`
	Example string   `json:"example"`
}

// PublishRules puts a list of rules in force. Base is the version it was made from.
type PublishRules struct {
	ClientID string `json:"client_id"`
	Base     int64  `json:"base"`
	Rules    []Rule `json:"rules"`
	Message  string `json:"message"`
}

// Deliveries are the troubles with mail that leaves. Before is the cursor of the next page of Reports, "" when there is none; Stopped is on
// the first page only.
type Deliveries struct {
	Reports []inbox.ServerReport `json:"reports"`
	Stopped []inbox.Stopped      `json:"stopped,omitempty"`
	Before  string               `json:"before,omitempty"`
}

// Release allows automatic messages to an address again.
type Release struct {
	ClientID string `json:"client_id"`
	Address  string `json:"address"`
}

// ChannelHealth is how one account does.
type ChannelHealth struct {
	Account     channels.AccountID `json:"account"`
	Kind        channels.Kind      `json:"kind"`
	OK          bool               `json:"ok"`
	Code        string             `json:"code"`
	Folder      string             `json:"folder,omitempty"`  // of a mailbox, if it is one folder that fails
	Sending     bool               `json:"sending,omitempty"` // of a mailbox: messages come, and none can leave
	Since       time.Time          `json:"since,omitzero"`    // not well since
	LastSuccess time.Time          `json:"last_success,omitzero"`
	Lag         int64              `json:"lag"`            // messages known to wait at the provider, -1 when that is not known
	Held        int                `json:"held,omitempty"` // messages that could not be taken in
}
