package chat

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"sportello/channels"
	"sportello/channels/socket"
)

// session is one visitor's connection. The fields below conn belong to the reader goroutine, which calls Received and nothing else
// does; feed has its own lock, because pushes arrive on other goroutines.
type session struct {
	srv  *Server
	acc  *Account
	conn *socket.Conn
	net  string
	late *time.Timer // cuts a connection that does not say hello; nil once it has

	greeted  bool
	visit    visit
	visitor  string
	lang     string
	name     string
	person   *person // who identified himself on this connection
	declared []channels.Claim
	lastHere time.Time
	lastType time.Time
	lastLook time.Time
	cancel   func() // ends the subscription

	feed feed
}

// Times of a session.
const (
	helloWait    = 10 * time.Second
	acceptWait   = 10 * time.Second // one call into the record
	presenceTTL  = 45 * time.Second
	presenceTick = 20 * time.Second
	lookTick     = time.Minute     // how soon a line is found whose push was lost
	lookSoon     = time.Second     // how soon a message is found that was taken and whose place is not known
	typingTick   = 3 * time.Second // C-09
)

// begin starts a connection that was just upgraded.
func (s *Server) begin(a *Account, conn *socket.Conn, net string) {
	ss := &session{srv: s, acc: a, conn: conn, net: net}
	ss.late = time.AfterFunc(helloWait, func() { conn.Close(socket.Unauthorized) })
	ok := s.add(ss)
	if !ok {
		conn.Close(socket.Drain)
	}
	conn.Start(ss)
}

// within bounds one call to another room.
func within() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), acceptWait)
}

func (ss *session) send(f outFrame) { _ = ss.conn.Send(f.encode(ss.srv.deps.Now())) } // a closed connection resumes

func (ss *session) fail(code, id string, retry time.Duration) {
	ss.send(outFrame{T: outError, Code: code, ID: id, Retry: retry.Milliseconds()})
}

// log adds what an operator needs to find the connection; the visitor's id is a pseudonym and stays at debug.
func (ss *session) log() *slog.Logger { return ss.srv.deps.Log.With("account", ss.acc.ID) }

// Received implements socket.Handler.
func (ss *session) Received(c *socket.Conn, data []byte) {
	var in inFrame
	if err := json.Unmarshal(data, &in); err != nil {
		c.Close(socket.Protocol)
		return
	}
	switch {
	case in.T == inBeat:
		ss.beat(in)
	case in.T == inHello && !ss.greeted:
		ss.hello(in)
	case !ss.greeted:
		c.Close(socket.Unauthorized)
	case in.T == inIdentify:
		ss.identify(in)
	case !ss.permitted():
		ss.fail(codeIdentify, in.ID, 0)
	default:
		ss.talk(in)
	}
}

// permitted reports whether this connection may read and write (C-02, C-03): a visit that belongs to a person, and every visit where
// only verified visitors are served, needs that person's identity token on this very connection.
func (ss *session) permitted() bool {
	return ss.person != nil || (!ss.acc.VerifiedOnly && ss.visit.subject == subject{})
}

// talk handles the frames of a visitor who may read and write.
func (ss *session) talk(in inFrame) {
	switch in.T {
	case inResume:
		ss.resume(in)
	case inSend:
		ss.message(in)
	case inContact:
		ss.contact(in)
	case inTyping:
		ss.typing()
	case inAck:
		ss.feed.settle(ss, in.Seq, channels.StateDelivered)
	case inRead:
		ss.feed.settle(ss, in.Seq, channels.StateRead)
	default:
		ss.fail(codeBadFrame, in.ID, 0)
	}
}

// hello checks the visitor token and takes the visitor in.
func (ss *session) hello(in inFrame) {
	now := ss.srv.deps.Now()
	v, err := ss.acc.visitOf(in.Token, now)
	if err != nil {
		ss.fail(codeToken, "", 0)
		ss.conn.Close(socket.Unauthorized)
		return
	}
	if !ss.srv.join(ss.key(v.id())) {
		ss.fail(codeTooMany, "", time.Minute)
		ss.conn.Close(socket.Limited)
		return
	}
	ss.visit, ss.visitor, ss.greeted = v, v.id(), true
	ss.late.Stop()
	ss.late = nil
	ss.lang = languageTag(in.Lang)
	if !ss.listen() {
		ss.conn.Close(socket.Internal)
		return
	}
	ss.here(now)
	ss.send(outFrame{T: outWelcome})
	if now.Sub(v.issued).Abs() > tokenRenew {
		ss.renew(now)
	}
}

// key names the visitor over all accounts.
func (ss *session) key(visitor string) string { return keyOf(ss.acc.ID, visitor) }

// keyOf names a visitor of an account among those of this node.
func keyOf(account channels.AccountID, visitor string) string {
	return string(account) + "\x00" + visitor
}

// listen subscribes to the visitor's topic.
func (ss *session) listen() bool {
	ctx, done := within()
	defer done()
	cancel, err := ss.srv.deps.Bus.Subscribe(ctx, Topic(ss.acc.ID, ss.visitor), ss.pushed)
	if err != nil {
		ss.log().Error("chat subscription failed", "error", err)
		return false
	}
	ss.cancel = cancel
	return true
}

// renew gives the browser a younger token for the same visit.
func (ss *session) renew(now time.Time) {
	ss.visit.issued = now
	ss.send(outFrame{T: outVisit, Token: ss.acc.sign(ss.visit)})
}

// here tells that the visitor is connected.
func (ss *session) here(now time.Time) {
	ss.lastHere = now
	ctx, done := within()
	defer done()
	if err := ss.srv.deps.Presence.Here(ctx, ss.acc.ID, ss.visitor, presenceTTL); err != nil {
		ss.log().Warn("chat presence not written", "error", err)
	}
}

// beat takes the answer to a heartbeat: the connection is alive in both directions, and its position is known.
func (ss *session) beat(in inFrame) {
	ss.conn.Answered()
	if !ss.greeted {
		return
	}
	now := ss.srv.deps.Now()
	if now.Sub(ss.lastHere).Abs() >= presenceTick {
		ss.here(now)
	}
	if !ss.permitted() {
		return
	}
	ss.feed.settle(ss, in.Seq, channels.StateDelivered)
	if ss.feed.isOpen() && now.Sub(ss.lastLook).Abs() >= lookTick {
		ss.lastLook = now
		ss.feed.look(ss)
	}
}

// typing passes on that the visitor types.
func (ss *session) typing() {
	now := ss.srv.deps.Now()
	epoch := ss.feed.conversation()
	if ss.srv.deps.Typing == nil || epoch == "" || now.Sub(ss.lastType).Abs() < typingTick {
		return
	}
	ss.lastType = now
	ss.srv.deps.Typing(ss.acc.ID, ss.visitor, epoch)
}

// Closed implements socket.Handler.
func (ss *session) Closed(_ *socket.Conn, why socket.Reason) {
	if ss.late != nil {
		ss.late.Stop()
	}
	if ss.cancel != nil {
		ss.cancel()
	}
	ss.feed.close()
	ss.srv.remove(ss)
	ss.log().Debug("chat connection ended", "reason", why.String())
	if !ss.greeted || !ss.srv.leave(ss.key(ss.visitor)) {
		return
	}
	// After a broken line the visitor is probably on his way back; his presence runs out by itself if he is not.
	if why == socket.Lost || why == socket.Silent || why == socket.SlowReader {
		return
	}
	ctx, done := within()
	defer done()
	if err := ss.srv.deps.Presence.Gone(ctx, ss.acc.ID, ss.visitor); err != nil {
		ss.log().Warn("chat presence not removed", "error", err)
	}
}
