package main

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/uuid"

	"sportello/channels"
	"sportello/channels/email/authn"
	"sportello/inbox"
)

// answers are the headers by which mail programs answer a mail of ours with the Message-ID OURS, itself an answer to FIRST, and the
// reply address support+TOKEN@…. Each loses something that another one keeps.
var answers = map[string]string{
	"Gmail":                   "To: Assistenza <support+TOKEN@sportello.test>\nIn-Reply-To: <OURS>\nReferences: <FIRST> <OURS>\nSubject: Re: Ordine",
	"Outlook for Windows":     "To: 'Assistenza' <support+TOKEN@sportello.test>\nIn-Reply-To: <OURS>\nReferences: <FIRST>\n <OURS>\nThread-Index: AQHZx0n0Yw==\nThread-Topic: Ordine\nSubject: R: Ordine",
	"Outlook on the web":      "To: Assistenza <support@sportello.test>\nReferences: <FIRST>,<OURS>\nIn-Reply-To: <OURS>\nThread-Index: AQHZx0n0Yw==\nSubject: RE: Ordine",
	"old Exchange":            "To: <SUPPORT+UPPER@SPORTELLO.TEST>\nThread-Index: AQHZx0n0Yw==\nThread-Topic: Ordine\nSubject: RIF: Ordine",
	"Apple Mail":              "To: support+TOKEN@sportello.test\nReferences: <FIRST>\n\t<OURS>\nIn-Reply-To: <OURS>\nSubject: Re: Ordine",
	"iPhone":                  "In-Reply-To: <OURS>\nTo: support@sportello.test\nSubject: Re: Ordine",
	"Thunderbird":             "To: support@sportello.test\nReferences: <FIRST> <OURS>\nSubject: Re: Ordine",
	"Yahoo":                   "To: Assistenza <support@sportello.test>\nIn-Reply-To: <OURS>\nReferences: <OURS> <12345.67890@mail.yahoo.com>\nSubject: Re: Ordine",
	"Samsung":                 "To: =?utf-8?Q?Assistenza?= <support+TOKEN@sportello.test>\nSubject: RE: Ordine",
	"K-9":                     "To: support@sportello.test\nIn-Reply-To: <OURS>\nReferences: <FIRST> <OURS>\nSubject: Re: Ordine",
	"Lotus Notes":             "To: support@sportello.test\nIn-Reply-To: <OURS>\nReferences: <OF0001.0001@notes.example> <OURS>\nSubject: Antwort: Ordine",
	"an old one, in words":    "To: support@sportello.test\nIn-Reply-To: Your message of Mon, 2 Mar 2026 \"<OURS>\"\nSubject: Re: Ordine",
	"GroupWise":               "To: support+TOKEN@sportello.test\nSubject: Antw: Ordine",
	"mutt":                    "To: support@sportello.test\nReferences: <FIRST> <unseen@example.test> <OURS>\nIn-Reply-To: <unseen@example.test>\nSubject: Re: Ordine",
	"several answered":        "To: support@sportello.test\nIn-Reply-To: <unseen@example.test> <OURS>\nSubject: Re: Ordine",
	"cut by a gateway":        "To: support@sportello.test\nReferences: <FIRST>\nIn-Reply-To: <rewritten@gateway.example>\nSubject: Re: Ordine",
	"certified mail":          "To: support@sportello.test\nDelivered-To: support+TOKEN@sportello.test\nX-Riferimento-Message-ID: <OURS>\nSubject: POSTA CERTIFICATA: Ordine",
	"envelope only":           "To: undisclosed-recipients:;\nX-Original-To: support+TOKEN@sportello.test\nSubject: Ordine",
	"to a copy":               "To: someone@example.test\nCc: x@example.test, Assistenza <support+TOKEN@sportello.test>\nSubject: Ordine",
	"another word, our token": "To: support+TOKEN@sportello.test\nSubject: tutt'altro",
}

// REQ-TH4: the answer of every program finds its conversation, whichever of the traces it keeps; without any it begins one.
func TestREQTH4AnswersOfManyPrograms(t *testing.T) {
	s, err := load(settingsFile(t, loneSettings(t.TempDir())+`
email:
  - account: support
    address: support@sportello.test
    imap: {host: 127.0.0.1, port: 1, tls: tls, user: u, password: p}
    smtp: {host: 127.0.0.1, port: 1, tls: starttls, user: u, password: p}
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := build(t.Context(), s, slog.New(slog.DiscardHandler), options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.close() //nolint:errcheck // nothing is written any more
	take := func(head string) channels.Accepted {
		t.Helper()
		raw := "From: Anna <anna@example.test>\n" + head + "\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\nGrazie\n"
		done, err := a.mailboxes["support"].Take(t.Context(), []byte(strings.ReplaceAll(raw, "\n", "\r\n")), authn.Envelope{})
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	first := take("To: support@sportello.test\nMessage-ID: <first@example.test>\nSubject: Ordine")
	conversation := inbox.ConversationID(first.Conversation)
	if _, err := a.ledger.Assign(t.Context(), inbox.AssignCmd{Conversation: conversation, Agent: "anna"}); err != nil {
		t.Fatal(err)
	}
	m, err := a.ledger.Reply(t.Context(), inbox.ReplyCmd{Conversation: conversation, Agent: "anna", AgentName: "Anna", ClientID: uuid.NewString(), Text: "È in viaggio.",
		Kind: channels.Email, Account: "support", Address: "anna@example.test", Force: true})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := a.outbox.Rows(t.Context(), m.ID)
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	thread := rows[0].Envelope.Thread
	n := 0
	for program, head := range answers {
		n++
		head = strings.NewReplacer("FIRST", "first@example.test", "OURS", thread.MessageID, "TOKEN", thread.Token, "UPPER", strings.ToUpper(thread.Token)).Replace(head)
		if got := take(fmt.Sprintf("Message-ID: <answer%d@example.test>\n%s", n, head)); got.Conversation != first.Conversation {
			t.Errorf("%s: the answer began a conversation of its own", program)
		}
	}
	if got := take("Message-ID: <new@example.test>\nTo: support@sportello.test\nSubject: Re: Ordine"); got.Conversation == first.Conversation {
		t.Error("an answer without any trace came home: the test shows nothing")
	}
}
