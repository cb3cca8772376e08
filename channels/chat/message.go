package chat

import (
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"golang.org/x/text/language"

	"sportello/channels"
	"sportello/channels/socket"
)

// message takes one message of the visitor: committed first, acknowledged then (promise 1). A repeat under the same id gets the same
// answer, because the record reports the position that it already has.
func (ss *session) message(in inFrame) {
	if !ss.feed.resumed() {
		ss.fail(codeNotResume, in.ID, time.Second)
		return
	}
	id, err := uuid.Parse(in.ID)
	if err != nil || len(in.ID) != 36 {
		ss.fail(codeBadFrame, in.ID, 0)
		return
	}
	text := cleanText(in.Text)
	switch {
	case text == "":
		ss.fail(codeEmpty, in.ID, 0)
		return
	case utf8.RuneCountInString(text) > ss.srv.set.Limits.TextRunes:
		ss.fail(codeTooLong, in.ID, 0)
		return
	}
	now := ss.srv.deps.Now()
	if wait, ok := ss.srv.messages.take(ss.key(ss.visitor), now); !ok {
		ss.fail(codeSlowDown, in.ID, wait)
		return
	}
	ss.accept(id.String(), text, now)
}

// accept commits a message, acknowledges it and shows it to the visitor's other tabs.
func (ss *session) accept(id, text string, now time.Time) {
	ctx, done := within()
	defer done()
	got, err := ss.srv.deps.Sink.Accept(ctx, ss.inbound(id, text, now))
	if err != nil {
		if f := channels.AsFault(err); f.Class == channels.Permanent {
			ss.fail(codeRefused, id, 0)
		} else {
			ss.fail(codeStore, id, 2*time.Second)
		}
		ss.log().Error("chat message not taken", "error", err)
		return
	}
	ss.feed.begun(got.Conversation)
	if !losesAck() {
		ss.send(outFrame{T: outAck, ID: id, Seq: got.Seq, Epoch: got.Conversation})
	}
	line := Line{Seq: got.Seq, ID: got.Message, ClientID: id, From: FromVisitor, Text: text, At: now}
	if got.Duplicate {
		line = Line{Seq: got.Seq, From: FromVisitor} // what was taken the first time counts, and only the record has it
	}
	push := Push{Kind: PushLine, Epoch: got.Conversation, Line: &line, Since: got.Since}
	ss.feed.wrote(ss, push)
	if err := Publish(ctx, ss.srv.deps.Bus, ss.acc.ID, ss.visitor, push); err != nil {
		ss.log().Warn("chat line not shown to other tabs", "error", err) // they find it at their next look
	}
}

func (ss *session) inbound(id, text string, now time.Time) channels.Inbound {
	in := channels.Inbound{
		Account: ss.acc.ID, Kind: channels.Chat, External: ss.visitor + ":" + id,
		From:  channels.Address{Kind: channels.Chat, Value: ss.visitor, Name: ss.name},
		Proof: channels.ProofVerified, // the visitor token is ours and names this very address
		To:    []channels.Address{{Kind: channels.Chat, Value: string(ss.acc.ID), Name: ss.acc.Name}},
		Text:  text, ReceivedAt: now, Locale: ss.lang,
		Claims: ss.claims(),
		Meta:   map[string]string{"client_id": id},
	}
	if ss.person != nil {
		in.Meta["subject"] = ss.person.sub
	}
	return in
}

// claims are all other addresses of the visitor that this connection knows of.
func (ss *session) claims() []channels.Claim {
	all := slices.Clone(ss.declared)
	if ss.person != nil {
		all = append(all, ss.person.claims...)
	}
	return all
}

// contact takes an address that the visitor typed: declared, not proved, so it opens no history (C-03).
func (ss *session) contact(in inFrame) {
	if name := cleanLine(in.Name, 80); name != "" && ss.person == nil {
		ss.name = name
	}
	found := map[channels.Kind]channels.Claim{}
	if v, ok := emailAddress(in.Email); ok {
		found[channels.Email] = channels.Claim{Address: channels.Address{Kind: channels.Email, Value: v, Name: ss.name}, Proof: channels.ProofDeclared}
	}
	if v, ok := phoneNumber(in.Phone, ss.acc.Region); ok {
		found[channels.SMS] = channels.Claim{Address: channels.Address{Kind: channels.SMS, Value: v, Name: ss.name}, Proof: channels.ProofDeclared}
	}
	if len(found) == 0 || (in.Email != "" && found[channels.Email].Address.IsZero()) || (in.Phone != "" && found[channels.SMS].Address.IsZero()) {
		ss.fail(codeContact, in.ID, 0)
		return
	}
	if wait, ok := ss.srv.messages.take(ss.key(ss.visitor), ss.srv.deps.Now()); !ok {
		ss.fail(codeSlowDown, in.ID, wait)
		return
	}
	// The last address of each kind counts: a corrected typo replaces the typo.
	ss.declared = slices.DeleteFunc(ss.declared, func(c channels.Claim) bool { return !found[c.Address.Kind].Address.IsZero() })
	claims := slices.Collect(maps.Values(found))
	ss.declared = append(ss.declared, claims...)
	if ss.claimed(claims) {
		ss.send(outFrame{T: outContact, ID: in.ID})
	} else {
		ss.fail(codeStore, in.ID, 2*time.Second)
	}
}

// claimed tells the record of new claims if there is a conversation to which they belong. It reports false if the record could not
// take them.
func (ss *session) claimed(claims []channels.Claim) bool {
	if ss.srv.deps.Claim == nil || len(claims) == 0 || ss.feed.conversation() == "" {
		return true
	}
	ctx, done := within()
	defer done()
	if err := ss.srv.deps.Claim(ctx, ss.acc.ID, ss.visitor, claims); err != nil {
		ss.log().Error("chat claims not taken", "error", err)
		return false
	}
	return true
}

// identify checks an identity token and binds the visit to its person (C-02).
func (ss *session) identify(in inFrame) {
	now := ss.srv.deps.Now()
	p, err := ss.acc.personOf(in.JWT, now)
	if err != nil {
		ss.log().Warn("chat identity refused", "error", err)
		ss.fail(codeIdentity, "", 0)
		return
	}
	subjects := ss.acc.subjectsOf(p.sub)
	bound := ss.visit.subject != subject{}
	if bound && !slices.Contains(subjects, ss.visit.subject) {
		ss.handOver(subjects[0], now)
		return
	}
	first, err := ss.firstWith(p, now)
	if err != nil {
		ss.log().Error("chat identity not taken", "error", err)
		ss.conn.Close(socket.Internal) // the browser comes again and shows its token again
		return
	}
	if first != ss.visitor {
		ss.log().Warn("chat identity token replayed")
		ss.fail(codeIdentity, "", 0)
		return
	}
	ss.person = &p
	if p.name != "" {
		ss.name = p.name
	}
	if !bound {
		ss.visit.subject = subjects[0]
		ss.renew(now)
	}
	_ = ss.claimed(p.claims) // they go with the next message as well
	ss.send(outFrame{T: outIdentified, Name: p.name})
}

// handOver is for a browser on which another person has logged in: he gets a visit of his own and never sees the former's lines.
func (ss *session) handOver(to subject, now time.Time) {
	v := newVisit(now)
	v.subject = to
	ss.send(outFrame{T: outVisit, Token: ss.acc.sign(v), Fresh: true})
	ss.conn.Close(socket.Unauthorized)
}

// languageTag returns a well-formed BCP 47 tag, or "".
func languageTag(s string) string {
	if s == "" || len(s) > 35 {
		return ""
	}
	tag, err := language.Parse(s)
	if err != nil {
		return ""
	}
	return tag.String()
}
