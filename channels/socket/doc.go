// Package socket runs one websocket connection (RFC 6455) for a server: visitors in channels/chat, agents in router/hub.
//
// Each connection has one reader goroutine and, while there is something to write, one writer. Whatever is sent goes through a bounded
// queue, every write has a deadline, every message a size limit. A peer that reads too slowly is cut with a named reason; a frame is
// never dropped in silence, so a peer that was cut can resume by its position. A peer that is gone without a word (half-open, in
// either direction) is found within PingEvery+AnswerWait: it must answer the websocket ping, and, where Options.Beat is set, the
// application's own heartbeat, which a proxy cannot answer in its stead.
//
// The package must never look into the payload and never keep a registry of connections; that is its caller's. The caller upgrades in
// an HTTP handler, calls Start and lets the handler return, which frees the server's buffers, and waits for Done before it exits.
package socket
