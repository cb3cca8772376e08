// Package router decides who takes a conversation, and why.
//
// Rules (Compile, Evaluate) send a new conversation to a queue; Match pairs what waits with who is free. Both are pure functions of
// their arguments, so that a decision can be explained, replayed and tested without a server. Router acts on them: it follows the
// live inbox's feed, places, offers, assigns, and takes work back from agents who are gone. Any number of gateways may run one:
// nothing here is trusted to be alone, the live inbox's scripts and the ledger's checks keep one owner.
//
// It must never drop a conversation, never move one silently (each decision is journaled with its reasons), and never write to a
// customer. Router.Run is started by cmd/gateway.
package router
