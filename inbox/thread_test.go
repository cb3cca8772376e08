package inbox_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"sportello/channels"
	"sportello/inbox"
)

func isRefused(err, want error) bool { return errors.Is(err, want) }

// E-19: our signed token brings an answer home without any header, also lower-cased, also from another address of the customer.
func TestE19TokenBringsHome(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.mail("one"))
		token := h.rowOf(h.mustAnswer(id, in)).Envelope.Thread.Token
		if token == "" || token != strings.ToLower(token) || len("support+"+token) > 64 {
			t.Fatalf("token %q", token)
		}
		answer := h.mail("thanks")
		answer.Subject, answer.Thread.Token = "something else", token
		if a := h.accept(answer); a.Conversation != id {
			t.Error("from his own address")
		}
		answer = h.mail("from work")
		answer.From, answer.Thread.Token = channels.Address{Kind: channels.Email, Value: "work@example.it", Name: "Anna at work"}, token
		a := h.accept(answer)
		if m := h.message(inbox.MessageID(a.Message)); a.Conversation != id || m.Customer != h.conversation(id).Customer || m.From.Value != "work@example.it" {
			t.Errorf("from another address: %+v", m)
		}
		other := h.mail("work again")
		other.From = answer.From
		if b := h.accept(other); h.conversation(b.Conversation).Customer == h.conversation(id).Customer {
			t.Error("a token in a forwarded mail made two people one")
		}
	})
}

// E-16: another mail under the same Message-ID is kept, and says so; the same delivery again is the first.
func TestE16VariantIsMarked(t *testing.T) {
	houses(t, func(h *house) {
		first := h.mail("one")
		first.Thread.MessageID = "same@example.it"
		second := h.mail("one, with a footer")
		second.Thread.MessageID = first.Thread.MessageID
		a, b := h.accept(first), h.accept(second)
		if again := h.accept(second); !again.Duplicate || again.Message != b.Message {
			t.Errorf("%+v", again)
		}
		third := first
		third.Account = "mail2"
		if c := h.accept(third); c.Duplicate || len(h.message(inbox.MessageID(c.Message)).Details.Warnings) != 1 {
			t.Errorf("beside two that differ: %v", h.message(inbox.MessageID(c.Message)).Details.Warnings)
		}
		if m := h.message(inbox.MessageID(a.Message)); len(m.Details.Warnings) != 0 {
			t.Errorf("the first: %v", m.Details.Warnings)
		}
		for n := range 2 { // the second time its customer is known, and it goes with others
			both := h.mail(fmt.Sprint("to both mailboxes ", n))
			copied := both
			copied.Account = "mail2"
			h.accept(both)
			if m := h.message(inbox.MessageID(h.accept(copied).Message)); len(m.Details.Warnings) != 0 {
				t.Errorf("the same in another mailbox: %v", m.Details.Warnings)
			}
		}
		if m := h.message(inbox.MessageID(b.Message)); strings.Join(m.Details.Warnings, " ") != "variant" {
			t.Errorf("the second: %v", m.Details.Warnings)
		}
	})
}

// E-19: a token that we did not sign opens nothing.
func TestE19ForgedTokenOpensNothing(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.mail("one"))
		token := h.rowOf(h.mustAnswer(id, in)).Envelope.Thread.Token
		flipped := "a" + token[1:]
		if token[0] == 'a' {
			flipped = "b" + token[1:]
		}
		last := "a"
		if strings.HasSuffix(token, "a") {
			last = "q"
		}
		for _, forged := range []string{"", "x", flipped, token[:len(token)-1], token + "a", token[:len(token)-1] + last, id, "====", strings.Repeat("a", 42)} {
			in := h.mail("let me in")
			in.From.Value, in.Thread.Token = "mallory@example.it", forged
			if a := h.accept(in); a.Conversation == id {
				t.Errorf("token %q was believed", forged)
			}
		}
	})
}

// E-19: among several tokens the one that we signed counts, wherever it stands and however it is written.
func TestE19SeveralTokens(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.mail("one"))
		token := h.rowOf(h.mustAnswer(id, in)).Envelope.Thread.Token
		other := h.mail("another matter")
		other.From.Value = "carla@example.org"
		second, _ := h.begun(other)
		theirs := h.rowOf(h.mustAnswer(second, other)).Envelope.Thread.Token
		for name, c := range map[string]struct {
			first string
			more  []string
			want  string
		}{
			"behind words of others": {"newsletter", []string{"x", token}, id},
			"upper case":             {strings.ToUpper(token), nil, id},
			"the first of two":       {theirs, []string{token}, second},
			"none of ours":           {"newsletter", []string{strings.Repeat("a", 42)}, ""},
		} {
			answer := h.mail("thanks")
			answer.From.Value = "stranger@example.net"
			answer.Thread.Token, answer.Thread.OtherTokens = c.first, c.more
			if a := h.accept(answer); c.want != "" && a.Conversation != c.want || c.want == "" && (a.Conversation == id || a.Conversation == second) {
				t.Errorf("%s: went to %s", name, a.Conversation)
			}
		}
	})
}

// E-22, REQ-TH2, REQ-TH3: a subject decides nothing, whatever number and prefix it bears, and neither do ids that a stranger knows.
func TestE22ForgedSubjectsAndReferencesEnterNothing(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.mail("one"))
		reply := h.rowOf(h.mustAnswer(id, in)).Envelope
		before := len(h.messages(id))
		for _, prefix := range []string{"", "Re: ", "RE: AW: ", "WG: ", "I: ", "R: ", "Fwd: ", "TR: ", "答复: "} {
			forged := h.mail("let me in")
			forged.From.Value, forged.Proof = "mallory@example.net", channels.ProofProvider
			forged.Subject = prefix + reply.Subject
			forged.Thread.InReplyTo, forged.Thread.References = []string{reply.Thread.MessageID}, []string{in.Thread.MessageID, reply.Thread.MessageID}
			if a := h.accept(forged); a.Conversation == id || h.conversation(a.Conversation).Customer == h.conversation(id).Customer {
				t.Errorf("%q entered", forged.Subject)
			}
			plain := h.mail("once more")
			plain.From.Value, plain.Subject = "mallory@example.net", prefix+reply.Subject
			if a := h.accept(plain); a.Conversation == id {
				t.Errorf("%q entered by its subject", plain.Subject)
			}
		}
		if after := len(h.messages(id)); after != before {
			t.Errorf("%d messages, were %d", after, before)
		}
	})
}

// E-22: when every other trace is lost, the number in the subject brings a mail home, if it is whole and its sender takes part and nobody
// says that he did not write. From anybody else it only names what it may be about.
func TestE22NumberInTheSubjectIsTheLastResort(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.mail("one"))
		subject := h.rowOf(h.mustAnswer(id, in)).Envelope.Subject
		tag := strings.TrimSuffix(strings.SplitAfter(subject, "[#")[1], "]")
		other := h.mail("another matter")
		elsewhere := h.accept(other).Conversation
		failed := &channels.Trust{DMARC: "fail"}
		for name, c := range map[string]struct {
			from, tag string
			trust     *channels.Trust
			enters    bool
			about     bool
		}{
			"whoever takes part":           {from: in.From.Value, tag: tag, enters: true},
			"whoever takes part, vouched":  {from: in.From.Value, tag: tag, trust: &channels.Trust{DMARC: "pass"}, enters: true},
			"somebody in his name":         {from: in.From.Value, tag: tag, trust: failed, about: true},
			"a stranger":                   {from: "mallory@example.net", tag: tag, about: true},
			"a colleague, vouched":         {from: "boss@" + strings.Split(in.From.Value, "@")[1], tag: tag, trust: &channels.Trust{DMARC: "pass"}, about: true},
			"without the check digit":      {from: in.From.Value, tag: strings.Split(tag, "-")[0]},
			"with a wrong one":             {from: in.From.Value, tag: tag[:len(tag)-1] + string('0'+(tag[len(tag)-1]-'0'+1)%10)},
			"a number that is nobody's":    {from: in.From.Value, tag: "999999999-1"},
			"another system's, in letters": {from: in.From.Value, tag: "ABC-123"},
		} {
			m := h.mail("it is me")
			m.From.Value, m.Thread.Tag, m.Details.Trust = c.from, c.tag, c.trust
			m.Subject = "A new beginning [#" + c.tag + "]"
			a := h.accept(m)
			previous, matched := h.conversation(a.Conversation).Previous, h.message(inbox.MessageID(a.Message)).Details.Matched
			if (a.Conversation == id) != c.enters || c.enters != (matched == "subject") || (string(previous) == id) != c.about {
				t.Errorf("%s: entered %v by %q, previous %q", name, a.Conversation == id, matched, previous)
			}
		}
		m := h.mail("I answer that one")
		m.Thread.Tag, m.Thread.InReplyTo = tag, []string{other.Thread.MessageID}
		if a := h.accept(m); a.Conversation != elsewhere {
			t.Error("a number counted more than a reference")
		}
	})
}

// E-22: every single wrong digit shows, and every two neighbours that changed places.
func TestE22CheckDigit(t *testing.T) {
	for _, number := range []int64{1, 1042, 90817, 5550123} {
		digits := []byte(inbox.Tag(number))
		if got, ok := inbox.ReadTag(string(digits)); !ok || got != number {
			t.Fatalf("%s: %d, %v", digits, got, ok)
		}
		for i, d := range digits {
			if d == '-' {
				continue
			}
			for wrong := byte('0'); wrong <= '9'; wrong++ {
				digits[i] = wrong
				if _, ok := inbox.ReadTag(string(digits)); ok != (wrong == d) {
					t.Errorf("%s: %v", digits, ok)
				}
			}
			digits[i] = d
			if i+1 < len(digits)-2 && digits[i+1] != d {
				digits[i], digits[i+1] = digits[i+1], d
				if _, ok := inbox.ReadTag(string(digits)); ok {
					t.Errorf("%s is taken", digits)
				}
				digits[i], digits[i+1] = d, digits[i]
			}
		}
	}
	for _, bad := range []string{"", "-", "-0", "0-0", "+1042-9", "1042", "1042-", "1042-9-9", "01042-x", "99999999999999999999-1"} {
		if n, ok := inbox.ReadTag(bad); ok {
			t.Errorf("%q is %d", bad, n)
		}
	}
}

// E-19: a reply token that has expired is worth as much as a reference: it brings home who takes part, and nobody else.
func TestE19ExpiredTokenIsAReference(t *testing.T) {
	houses(t, func(h *house) {
		h.cfg.TokenExpires = 30 * 24 * time.Hour
		h.open()
		id, in := h.begun(h.mail("one"))
		token := h.rowOf(h.mustAnswer(id, in)).Envelope.Thread.Token
		answer := func(from string) channels.Accepted {
			m := h.mail("by token")
			m.From.Value, m.Thread.Token = from, token
			return h.accept(m)
		}
		h.pass(29 * 24 * time.Hour)
		if a := answer("work@example.net"); a.Conversation != id || h.message(inbox.MessageID(a.Message)).Details.Matched != "token" {
			t.Fatal("it has not expired")
		}
		h.pass(2 * 24 * time.Hour)
		if a := answer("stranger@example.net"); a.Conversation == id || string(h.conversation(a.Conversation).Previous) != id {
			t.Fatal("a stranger enters by an old token")
		}
		if a := answer(in.From.Value); a.Conversation != id {
			t.Fatal("he does not come home")
		}
	})
}

// E-20: In-Reply-To first, then References from last to first, against every id seen, theirs and ours.
func TestE20ReferencesFindTheConversation(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.mail("one"))
		ours := h.rowOf(h.mustAnswer(id, in)).Envelope.Thread.MessageID
		second := h.accept(h.mail("another matter"))
		secondID := fmt.Sprintf("m%d@example.it", h.count.Load())
		for name, thread := range map[string]channels.Thread{
			"in reply to ours":         {InReplyTo: []string{ours}},
			"in reply to his own":      {InReplyTo: []string{in.Thread.MessageID}},
			"several, one known":       {InReplyTo: []string{"unknown@example.it", ours}},
			"references only":          {References: []string{ours, "unknown@example.it"}},
			"in-reply-to before refs":  {InReplyTo: []string{ours}, References: []string{secondID}},
			"later reference is first": {References: []string{secondID, ours}},
		} {
			answer := h.mail("thanks")
			answer.Thread.InReplyTo, answer.Thread.References = thread.InReplyTo, thread.References
			if a := h.accept(answer); a.Conversation != id {
				t.Errorf("%s: went to %s (the second is %s)", name, a.Conversation, second.Conversation)
			}
		}
	})
}

// E-20: every mail that was seen can be answered: one that a colleague sent from a mail program, one that somebody else wrote with us in copy,
// and one that was never seen, by what it answered itself.
func TestE20EveryMailSeenCanBeAnswered(t *testing.T) {
	houses(t, func(h *house) {
		first := h.mail("Where is my order?")
		id := h.accept(first).Conversation
		answer := func(what string, thread channels.Thread, from string) channels.Inbound {
			in := h.mail(what)
			thread.MessageID = in.Thread.MessageID
			in.Subject, in.Thread = "something else", thread
			if from != "" {
				in.From = mailbox(from)
			}
			return in
		}
		home := func(what, want string, in channels.Inbound) {
			h.Helper()
			if a := h.accept(in); a.Conversation != want {
				t.Errorf("%s began another conversation", what)
			}
		}
		began := h.sentOutside(first, "begun-outside") // by a colleague, who answers nothing
		began.Thread.InReplyTo = nil
		outside := h.accept(began)
		if outside.Conversation == id {
			t.Fatal("what answers nothing is an answer")
		}
		home("an answer to a mail from the Sent folder", outside.Conversation,
			answer("From the Sent folder", channels.Thread{InReplyTo: []string{began.Thread.MessageID}}, ""))

		shown := answer("Anna told me about this", channels.Thread{InReplyTo: []string{first.Thread.MessageID}}, "supplier@example.org")
		copied := h.mail("I ask my supplier too") // with us in copy
		copied.To, copied.Cc = []channels.Address{mailbox("supplier@example.org")}, []channels.Address{mailbox("support@shop.example")}
		copied.Thread.InReplyTo = []string{first.Thread.MessageID}
		home("a mail with us in copy", id, copied)
		home("the other's answer, with us in copy", id, shown)
		home("an answer to his", id, answer("Thank you both", channels.Thread{InReplyTo: []string{shown.Thread.MessageID}}, ""))

		home("an answer to what was never seen", id, answer("Grandparent",
			channels.Thread{InReplyTo: []string{"unseen@elsewhere.example"}, References: []string{"older@elsewhere.example", first.Thread.MessageID, "unseen@elsewhere.example"}}, ""))
	})
}

// REQ-TH3: nothing is decided by the prefix of a subject, in whatever language: with a reference each comes home, without one each begins a
// conversation.
func TestREQTH3PrefixesDecideNothing(t *testing.T) {
	houses(t, func(h *house) {
		first := h.mail("one")
		id := h.accept(first).Conversation
		for _, prefix := range []string{"", "Re: ", "RE[2]: ", "R: ", "RIF: ", "I: ", "AW: ", "Antwort: ", "WG: ", "Fwd: ", "FW: ", "TR: ", "RV: ", "ENC: ", "VS: ", "SV: ",
			"VB: ", "Doorst: ", "PD: ", "İlt: ", "转发: ", "答复: ", "[lista] Re: "} {
			with, without := h.mail("with"), h.mail("without")
			with.Subject, without.Subject = prefix+first.Subject, prefix+first.Subject
			with.Thread.InReplyTo = []string{first.Thread.MessageID}
			if a := h.accept(with); a.Conversation != id {
				t.Errorf("%q: a reply is lost", prefix)
			}
			if a := h.accept(without); a.Conversation == id {
				t.Errorf("%q: a subject is taken for a reference", prefix)
			}
		}
	})
}

// REQ-TH1: empty, blank and malformed ids match nothing, not even each other.
func TestREQTH1MalformedIdsNeverMatch(t *testing.T) {
	houses(t, func(h *house) {
		for _, bad := range []string{"", " ", "@", "a@", "@b", "a@@b", "a@b@c", "<a@b>", "a b@c", "no-at-sign", "a@b\n", strings.Repeat("x", 1000) + "@y"} {
			first := h.mail("one")
			first.Thread = channels.Thread{MessageID: bad}
			second := h.mail("two")
			second.Thread = channels.Thread{MessageID: bad, InReplyTo: []string{bad}, References: []string{bad, bad}}
			if a, b := h.accept(first), h.accept(second); a.Conversation == b.Conversation {
				t.Errorf("%q matched", bad)
			}
		}
	})
}

// REQ-TH2: who knows an id but takes no part in the conversation gets one of his own, which names the other; who was written to or
// copied takes part.
func TestREQTH2MatchNeedsAParticipant(t *testing.T) {
	houses(t, func(h *house) {
		first := h.mail("one")
		first.Cc = []channels.Address{{Kind: channels.Email, Value: "friend@example.it"}}
		id, _ := h.begun(first)
		stranger := h.mail("me too")
		stranger.From.Value, stranger.Thread.InReplyTo = "mallory@example.it", []string{first.Thread.MessageID}
		a := h.accept(stranger)
		if v := h.conversation(a.Conversation); a.Conversation == id || string(v.Previous) != id || v.Customer == h.conversation(id).Customer {
			t.Fatalf("%+v", v)
		}
		friend := h.mail("I was copied")
		friend.From.Value, friend.Thread.InReplyTo = "friend@example.it", []string{first.Thread.MessageID}
		if a := h.accept(friend); a.Conversation != id {
			t.Fatal("who was copied takes part")
		}
		nobody := h.mail("no sender")
		nobody.From, nobody.Thread.InReplyTo = channels.Address{}, []string{first.Thread.MessageID}
		if a := h.accept(nobody); a.Conversation == id {
			t.Fatal("who has no address takes no part")
		}
	})
}

// E-24: an answer to what was closed long ago begins a new conversation of the same customer, which names the old one.
func TestE24OldThreadIsContinued(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.mail("one"))
		h.close(id)
		h.pass(100 * time.Hour)
		answer := h.mail("once more")
		answer.Thread.InReplyTo = []string{in.Thread.MessageID}
		a := h.accept(answer)
		if v := h.conversation(a.Conversation); a.Conversation == id || string(v.Previous) != id || v.Customer != h.conversation(id).Customer || v.CustomerName != "Anna" {
			t.Fatalf("%+v", v)
		}
	})
}

// The same mail sent to two of our mailboxes is two messages; an answer finds a conversation in which the sender takes part.
func TestSameMailToTwoMailboxes(t *testing.T) {
	houses(t, func(h *house) {
		first := h.mail("to both")
		second := first
		second.Account, second.External = "mail2", "copy"
		if a, b := h.accept(first), h.accept(second); a.Conversation == b.Conversation || b.Duplicate {
			t.Fatal("one conversation for two mailboxes")
		}
	})
}
