// Package dispatch is the one gate out: how a message leaves.
//
// It leases due rows of the outbox and asks for each, at the moment of sending, whether and where it may go (customer.Reach). What
// may not go by its frozen channel is sent by another one, held, or refused, and the record says why. An attempt is written down
// before it is made. A failure is retried by Retry; an SMS whose outcome is not known is never sent again. Chat lines may come begun, with
// their attempt written down (inbox.Express): for them the verdict was asked for when they were written, and the transaction that began
// them made sure that nothing of the customer had changed since.
//
// It must never send without the verdict, never change an envelope by itself, and never write to a customer of its own accord.
// Dispatcher.Run is started by cmd/gateway; any number of gateways may run one, the outbox's leases keep one sender for each row.
package dispatch
