// Package chat is the live chat adapter: visitors of a website on one side, the shared words of channels on the other.
//
// A visitor is a random 128-bit id inside a token signed by us. The browser connects a websocket, says hello with the token, resumes
// by position, and sends messages under ids of its own; each is acknowledged only after Sink.Accept has committed it (promise 1), so
// a browser that repeats until the ack loses nothing and doubles nothing. What agents write reaches the browser through a Bus
// that may lose: the bus only says that there is something, and the lines themselves are read from the Record after the
// position that this connection has sent, so that a gap cannot arise. A position that the record cannot continue is answered by a
// snapshot.
//
// The package must never show a visitor another visitor's lines, take the word of a browser for an identity (only a signed identity
// token is proof), interpret HTML, or send what the dispatcher did not hand it. It imports the shared words and channels/socket only; the
// record, the bus and presence are interfaces that others implement.
//
// The program builds one Server, mounts Handler under /chat/, gives Server to the dispatcher as its Sender, and runs Run, which ends
// by draining every connection.
package chat
