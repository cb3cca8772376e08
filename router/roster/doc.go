// Package roster is who works here: agents with their queues, skills and capacity, and the queues themselves, as the record has them.
//
// It knows nothing of presence: who is here now is in the live inbox, which gets an agent's Profile whenever he is announced.
// It must never hand out a password hash, and never say whether an address or a password was wrong.
// It starts nothing; cmd/gateway makes one Book and agentui and the hub ask it.
package roster
