package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"sportello/channels"
	"sportello/channels/channeltest"
	"sportello/channels/email"
	"sportello/channels/pause"
	"sportello/inbox"
	"sportello/inbox/journal"
	"sportello/router/roster"
)

// mailHouse is a mail server with mailboxes, and gateways that read them and acknowledge what comes.
type mailHouse struct {
	t      *testing.T
	server *channeltest.MailServer
	tasks  *errgroup.Group
	ctx    context.Context
}

const mailPassword = "secret"

func newMailHouse(t *testing.T, mailboxes ...string) *mailHouse {
	t.Helper()
	server, err := channeltest.NewMailServer(channeltest.MailOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mailboxes {
		if err := server.AddMailbox(m, mailPassword); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	h := &mailHouse{t: t, server: server, tasks: new(errgroup.Group), ctx: ctx}
	h.run(server.Run)
	t.Cleanup(func() {
		cancel()
		if err := h.tasks.Wait(); err != nil {
			t.Error(err)
		}
	})
	return h
}

func (h *mailHouse) run(task func(context.Context) error) {
	h.tasks.Go(func() error {
		if err := task(h.ctx); err != nil && h.ctx.Err() == nil {
			return err
		}
		return nil
	})
}

// gateway runs a whole gateway whose one mailbox acknowledges.
func (h *mailHouse) gateway(address string) *app {
	h.t.Helper()
	s, err := load(settingsFile(h.t, loneSettings(h.t.TempDir())+fmt.Sprintf(`
grace: 2s
email:
  - account: mail
    address: %[1]s
    name: House
    poll: 1s
    sent_copy: on
    imap: {host: 127.0.0.1, port: %[2]d, tls: starttls, user: %[1]s, password: %[4]s}
    smtp: {host: 127.0.0.1, port: %[3]d, tls: starttls, user: %[1]s, password: %[4]s}
    ack:
      texts:
        it: {subject: "Richiesta {number}", text: "Abbiamo ricevuto la sua richiesta."}
`, address, h.server.IMAPPort(), h.server.SMTPPort(), mailPassword)), nil)
	if err != nil {
		h.t.Fatal(err)
	}
	a, err := build(h.ctx, s, slog.New(slog.DiscardHandler), options{cas: h.server.CAs()})
	if err != nil {
		h.t.Fatal(err)
	}
	h.run(func(ctx context.Context) error {
		err := a.run(ctx, nil)
		if closed := a.close(); closed != nil {
			return closed
		}
		return err
	})
	return a
}

// await polls until ok.
func (h *mailHouse) await(what string, ok func() bool) {
	h.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			h.t.Fatal("not within 30 s: " + what)
		}
		pause.For(h.ctx, 20*time.Millisecond)
	}
}

// messages are all messages of a gateway's record, by which way they went and whether a machine wrote them.
func (h *mailHouse) messages(a *app, where string) (n int) {
	h.t.Helper()
	if err := a.record.QueryRowContext(h.ctx, `SELECT count(*) FROM message WHERE `+where).Scan(&n); err != nil {
		h.t.Fatal(err)
	}
	return n
}

func (h *mailHouse) write(from, to, text string) {
	h.t.Helper()
	raw := fmt.Sprintf("From: Anna <%s>\r\nTo: <%s>\r\nSubject: Order\r\nDate: %s\r\nMessage-ID: <first@anna.example>\r\n\r\n%s\r\n",
		from, to, time.Now().UTC().Format(time.RFC1123Z), text)
	if err := h.server.Deliver(from, to, []byte(raw)); err != nil {
		h.t.Fatal(err)
	}
}

// E-51: the program copies what it sends into the mailbox's folder of sent mail, and does not take it for anybody's from there.
func TestE51GatewayCopiesWhatItSends(t *testing.T) {
	const house, anna = "help@one.example", "anna@two.example"
	h := newMailHouse(t, house, anna)
	a := h.gateway(house)
	at := a.settings.emailConfigs(nil)[0]
	at.CAs, at.Folders, at.Sent = h.server.CAs(), []string{"Sent"}, email.FolderNone
	folder := email.New(at, email.Deps{Sink: a.ledger, Vault: a.vault, Bookmarks: inbox.NewBookmarks(a.record, a.now)})
	h.write(anna, house, "We have a question.")
	h.await("the acknowledgement is in the folder", func() bool {
		n, err := folder.Waiting(h.ctx)
		return err == nil && n == 1
	})
	h.await("the acknowledgement arrives", func() bool { return len(h.server.Mails(anna)) == 1 })
	if in, out := h.messages(a, `direction = 'in'`), h.messages(a, `direction = 'out'`); in != 1 || out != 1 {
		t.Errorf("%d came, %d left", in, out)
	}
}

// REQ-LP1: two gateways that acknowledge what comes, and write to each other, stop after one automatic message.
func TestREQLP1TwoGatewaysThatAnswerEachOther(t *testing.T) {
	const one, two = "help@one.example", "help@two.example"
	h := newMailHouse(t, one, two)
	a, b := h.gateway(one), h.gateway(two)
	h.write(two, one, "We have a question.") // a person at the second house writes from its mailbox
	h.await("the acknowledgement arrives", func() bool { return h.messages(b, `direction = 'in'`) == 1 })
	if n := h.messages(b, `direction = 'in' AND auto = 'auto-reply' AND details LIKE '%auto_submitted%'`); n != 1 {
		t.Error("the acknowledgement is not taken for a machine's")
	}
	// Whether to answer was decided when it was taken.
	if ours, theirs := h.messages(a, `direction = 'out'`), h.messages(b, `direction = 'out'`); ours != 1 || theirs != 0 {
		t.Errorf("%d and %d automatic messages", ours, theirs)
	}
	mails := h.server.Mails(two)
	if len(mails) != 1 || mails[0].From != "" || !bytes.Contains(mails[0].Raw, []byte("Auto-Submitted: auto-replied")) || !bytes.Contains(mails[0].Raw, []byte("X-Auto-Response-Suppress: All")) {
		t.Errorf("%d mails: %+v", len(mails), mails)
	}
}

// N10: a machine without any mark that answers everything in a new mail is written to twice by itself, and then never again; its
// conversation says why.
func TestN10AMachineThatAnswersEverything(t *testing.T) {
	texts := map[string]func(n int) string{
		inbox.StopRepeats:  nil,
		inbox.StopPingPong: func(n int) string { return strings.Repeat(strings.Repeat(string(rune('a'+n)), 5)+" ", 8) },
	}
	for reason, text := range texts {
		t.Run(reason, func(t *testing.T) {
			const ours, robot = "help@one.example", "robot@robot.example"
			h := newMailHouse(t, ours, robot)
			h.run(channeltest.Autoresponder{Server: h.server, Address: robot, Text: text}.Run)
			a := h.gateway(ours)
			h.write(robot, ours, "Where is my order?")
			var stopped []inbox.Stopped
			h.await("the exchange is stopped", func() bool {
				var err error
				if stopped, err = a.ledger.Stopped(h.ctx); err != nil {
					t.Fatal(err)
				}
				return len(stopped) > 0
			})
			if n := h.messages(a, `direction = 'out'`); n > 2 || stopped[0].Address != robot || stopped[0].Reason != reason {
				t.Errorf("%d automatic messages, %+v", n, stopped)
			}
			events, err := a.journal.Stream(h.ctx, journal.ConversationStream(string(stopped[0].Conversation)), 0, 100)
			if err != nil {
				t.Fatal(err)
			}
			var ch inbox.Change
			last := events[len(events)-1]
			for _, e := range events {
				if e.Type == journal.AutoStopped {
					last = e
				}
			}
			if err := json.Unmarshal(last.Data, &ch); err != nil || last.Type != journal.AutoStopped || ch.Reason != reason || ch.Conversation.WaitingSince.IsZero() {
				t.Errorf("%s %+v %v", last.Type, ch, err)
			}
			// What waited has left; the machine has answered each, and its last answer brought nothing about.
			h.await("all has left", func() bool { return h.messages(a, `direction = 'out' AND state NOT IN ('sent', 'failed')`) == 0 })
			if n := h.messages(a, `direction = 'out' AND auto = ''`); n != 0 {
				t.Errorf("%d messages of nobody", n)
			}
		})
	}
}

// deliver puts a mail with these lines into the gateway's mailbox.
func (h *mailHouse) deliver(from, to string, lines ...string) {
	h.t.Helper()
	if err := h.server.Deliver(from, to, []byte(strings.Join(lines, "\r\n")+"\r\n")); err != nil {
		h.t.Fatal(err)
	}
}

// E-31 to E-35: a bounce without fields marks the very message, its address is used no more, and nobody has to look at it; one about
// nothing known is found on the list. A delay is neither.
func TestE33ABounceMarksTheVeryMessage(t *testing.T) {
	const ours, anna = "help@one.example", "anna@cliente.example"
	h := newMailHouse(t, ours)
	a := h.gateway(ours)
	h.write(anna, ours, "Where is my order?")
	h.await("the acknowledgement has left", func() bool { return h.messages(a, `direction = 'out' AND state = 'sent'`) == 1 })
	var row, message, conversation string
	err := a.record.QueryRowContext(h.ctx, `SELECT id, message_id, conversation_id FROM outbox`).Scan(&row, &message, &conversation)
	if err != nil {
		t.Fatal(err)
	}
	report := func(subject string, said ...string) {
		h.deliver("", ours, append([]string{
			"Return-Path: <>", "From: Microsoft Outlook <MicrosoftExchange329e71@cliente.example>", "To: " + ours, "Subject: " + subject,
			"Message-ID: <" + strings.ReplaceAll(subject, " ", ".") + "@cliente.example>", "",
		}, said...)...)
	}
	report("Recapito in ritardo", "Il messaggio per "+anna+" è in ritardo.", "#450 4.4.1 connection timed out ##", "", "Message-ID: <"+row+"@one.example>")
	h.await("the delay is kept", func() bool { return h.messages(a, `auto = 'bounce'`) == 1 })
	report("Non recapitabile", "Impossibile recapitare il messaggio ai seguenti destinatari:", "", anna, "#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##", "",
		"Intestazioni originali del messaggio:", "", "Message-ID: <"+row+"@one.example>")
	state := func() (m inbox.Message) {
		if m, err = a.ledger.Message(h.ctx, inbox.MessageID(message)); err != nil {
			t.Fatal(err)
		}
		return m
	}
	h.await("the bounce is settled", func() bool { return state().State == channels.StateFailed })
	if f := state().Fault; f == nil || f.Code != channels.CodeBadAddress || f.Provider != "5.1.1" {
		t.Errorf("%+v", f)
	}
	v, who, err := a.ledger.ReachContext(h.ctx, inbox.ConversationID(conversation))
	if err != nil || who.Identities[0].SuppressedCode != channels.CodeBadAddress || v.LastFrom != anna {
		t.Errorf("%+v %+v %v", v, who.Identities, err)
	}
	report("Undeliverable", "The message to stranger@nowhere.example failed: 550 5.1.1 user unknown")
	h.await("the last report is kept", func() bool { return h.messages(a, `auto = 'bounce'`) == 3 })
	all, _, err := a.ledger.ServerReports(h.ctx, "", journal.Cursor{}, 10)
	if err != nil || len(all) != 3 || all[0].Known || !all[1].Known || !all[2].Known || all[2].Recipients[0].Action != "delayed" || !all[0].Recipients[0].Guessed {
		t.Errorf("%+v %v", all, err)
	}
	if n := h.messages(a, `direction = 'out'`); n != 1 {
		t.Errorf("%d messages went out: reports are not answered", n)
	}
	if c, err := a.ledger.Conversation(h.ctx, all[0].Conversation); err != nil || c.State != inbox.Closed || c.Disposition != "bounce" {
		t.Errorf("%+v %v", c, err)
	}
}

// E-34: who got a mail of ours may say that he has read it; nobody else may, and nobody is answered.
func TestE34AReceiptMarksTheMessageRead(t *testing.T) {
	const ours, anna = "help@one.example", "anna@cliente.example"
	h := newMailHouse(t, ours)
	a := h.gateway(ours)
	h.write(anna, ours, "Where is my order?")
	h.await("the acknowledgement has left", func() bool { return h.messages(a, `direction = 'out' AND state = 'sent'`) == 1 })
	var row string
	if err := a.record.QueryRowContext(h.ctx, `SELECT id FROM outbox`).Scan(&row); err != nil {
		t.Fatal(err)
	}
	receipt := func(from string) {
		h.deliver(from, ours, "From: <"+from+">", "To: <"+ours+">", "Subject: Read", "Message-ID: <mdn-"+from+">", "MIME-Version: 1.0",
			"Content-Type: multipart/report; report-type=disposition-notification; boundary=b", "", "--b", "Content-Type: text/plain", "", "read", "--b",
			"Content-Type: message/disposition-notification", "", "Final-Recipient: rfc822; "+anna, "Original-Message-ID: <"+row+"@one.example>",
			"Disposition: manual-action/MDN-sent-manually; displayed", "--b--")
	}
	receipt("mallory@else.example")
	h.await("the stranger's receipt is kept", func() bool { return h.messages(a, `auto = 'receipt'`) == 1 })
	if h.messages(a, `state = 'read'`) != 0 {
		t.Fatal("a stranger says what was read")
	}
	receipt(anna)
	h.await("it is read", func() bool { return h.messages(a, `direction = 'out' AND state = 'read'`) == 1 })
	if n := h.messages(a, `direction = 'out'`); n != 1 {
		t.Errorf("%d messages went out: receipts are not answered", n)
	}
}

// E-48: a mail under the address of one of our people, even with the token of a conversation, is no answer of his: it is taken in, the
// customer gets nothing, and whoever reads it is told that nobody vouches for it.
func TestE48MailOfAnAgentIsNoAnswer(t *testing.T) {
	const ours, anna, lucia = "help@one.example", "anna@cliente.example", "lucia@one.example"
	h := newMailHouse(t, ours)
	a := h.gateway(ours)
	if _, err := a.roster.Add(h.ctx, roster.Agent{Email: lucia, Name: "Lucia", PublicName: "Lucia", Role: roster.RoleAgent}, "a long password"); err != nil {
		t.Fatal(err)
	}
	h.write(anna, ours, "Where is my order?")
	h.await("the acknowledgement has left", func() bool { return h.messages(a, `direction = 'out' AND state = 'sent'`) == 1 })
	var raw string
	if err := a.record.QueryRowContext(h.ctx, `SELECT envelope FROM outbox`).Scan(&raw); err != nil {
		t.Fatal(err)
	}
	var env channels.Outbound
	if err := json.Unmarshal([]byte(raw), &env); err != nil || env.Thread.Token == "" {
		t.Fatal(env.Thread, err)
	}
	h.deliver(lucia, "help+"+env.Thread.Token+"@one.example", "From: Lucia <"+strings.ToUpper(lucia)+">", "To: help+"+env.Thread.Token+"@one.example",
		"Subject: Re: Order", "Message-ID: <cmd@one.example>", "", "Dear Anna, your money is on its way.")
	h.await("it is taken in", func() bool { return h.messages(a, `direction = 'in' AND peer = '`+lucia+`'`) == 1 })
	var details string
	if err := a.record.QueryRowContext(h.ctx, `SELECT details FROM message WHERE peer = $1`, lucia).Scan(&details); err != nil || !strings.Contains(details, `"staff_faked"`) {
		t.Errorf("%s %v", details, err)
	}
	if n := h.messages(a, `direction = 'out' AND author_kind = 'agent'`); n != 0 {
		t.Errorf("%d messages are taken for hers", n)
	}
	for _, m := range h.server.Relayed() {
		if strings.Contains(string(m.Raw), "your money") {
			t.Error("the customer has got it")
		}
	}
}
