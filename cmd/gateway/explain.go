package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"sportello/channels"
	"sportello/channels/email/letter"
	"sportello/channels/email/quote"
)

// explained is what is understood of one mail. Its keys are an interface: programs read them. Lists are never null.
type explained struct {
	File       string                `json:"file"`
	OK         bool                  `json:"ok"`    // it is a mail
	Error      string                `json:"error"` // why it is none, or what of it could not be read
	From       string                `json:"from"`
	FromName   string                `json:"from_name"`
	ReplyTo    string                `json:"reply_to"`
	To         []string              `json:"to"`
	Cc         []string              `json:"cc"`
	Subject    string                `json:"subject"`
	Date       string                `json:"date"` // RFC 3339 in UTC, or ""
	MessageID  string                `json:"message_id"`
	InReplyTo  []string              `json:"in_reply_to"`
	References []string              `json:"references"`
	Text       string                `json:"text"`      // all that can be read
	Reply      string                `json:"reply"`     // of it, what the sender newly wrote
	Signature  string                `json:"signature"` // his signature and legal notices
	Quoted     string                `json:"quoted"`    // what is quoted or passed on
	HTML       string                `json:"html"`      // as the console shows it
	Files      []explainedFile       `json:"attachments"`
	AutoReply  bool                  `json:"auto_reply"`  // a machine wrote it, or its sender asks for no automatic answer: it is never answered by a machine
	AutoReason string                `json:"auto_reason"` // by which header or rule that is known
	Bounce     *explainedBounce      `json:"bounce"`
	List       bool                  `json:"list"`
	Calendar   *channels.Appointment `json:"calendar"`
	Forward    *channels.Forwarded   `json:"forward"`
	Thread     explainedThread       `json:"thread"`
	Spam       bool                  `json:"spam"`
	Seal       *channels.Crypt       `json:"seal"` // it is signed or encrypted, and what came of that

	mail *letter.Mail
}

type explainedFile struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	Inline bool   `json:"inline"`
	CID    string `json:"cid"`
}

type explainedBounce struct {
	Recipients []explainedRecipient `json:"recipients"`
	Original   string               `json:"original_message_id"`
}

type explainedRecipient struct {
	Address    string `json:"address"`
	Status     string `json:"status"`
	Action     string `json:"action"`
	Diagnostic string `json:"diagnostic"`
}

// explainedThread says what the mail offers to be threaded by, the strongest first, and how well its sender is known.
type explainedThread struct {
	Rule  string `json:"rule"`  // token, in_reply_to, references, subject, new
	Proof string `json:"proof"` // none, declared, provider, verified
}

// notExplained is a file that is no mail. Its lists are empty, not missing.
func notExplained(file, why string) explained {
	return explained{File: file, Error: why, To: []string{}, Cc: []string{}, InReplyTo: []string{}, References: []string{},
		Files: []explainedFile{}, Thread: explainedThread{Rule: "new", Proof: "none"}}
}

func explain(file string, m *letter.Mail) explained {
	e := notExplained(file, m.Flaw)
	e.OK, e.mail = true, m
	e.From, e.FromName = m.From.Value, m.From.Name
	if len(m.ReplyTo) > 0 {
		e.ReplyTo = m.ReplyTo[0].Value
	}
	e.To, e.Cc = plainAddresses(m.To), plainAddresses(m.Cc)
	e.Subject, e.MessageID = m.Subject, m.Thread.MessageID
	if !m.Date.IsZero() {
		e.Date = m.Date.UTC().Format(time.RFC3339)
	}
	e.InReplyTo, e.References = append(e.InReplyTo, m.Thread.InReplyTo...), append(e.References, m.Thread.References...)
	e.Text, e.HTML = m.Text, m.HTML
	e.Reply, e.Signature, e.Quoted = quote.Split(m.Text, m.Details.Folds)
	for _, f := range m.Files {
		sum := sha256.Sum256(f.Data)
		e.Files = append(e.Files, explainedFile{f.Name, f.Type, f.Size, hex.EncodeToString(sum[:]), f.Inline, f.CID})
	}
	e.AutoReply, e.AutoReason = m.AutoReason != "", m.AutoReason
	e.Bounce = explainBounce(m)
	e.List, e.Spam = m.List, m.Spam
	if len(m.Details.Calendar) > 0 {
		e.Calendar = &m.Details.Calendar[0]
	}
	e.Forward, e.Seal = m.Details.Forward, m.Details.Crypt
	e.Thread = explainedThread{Rule: threadRule(m), Proof: proofWord(m.Proof)}
	return e
}

func plainAddresses(list []channels.Address) []string {
	out := make([]string, 0, len(list))
	for _, a := range list {
		out = append(out, a.Value)
	}
	return out
}

func explainBounce(m *letter.Mail) *explainedBounce {
	if m.Auto != channels.AutoBounce {
		return nil
	}
	b := &explainedBounce{Recipients: []explainedRecipient{}}
	b.Original = m.Report.Original
	for _, f := range m.Report.Recipients {
		b.Recipients = append(b.Recipients, explainedRecipient{f.Recipient, f.Status, f.Action, f.Diagnostic})
	}
	return b
}

func threadRule(m *letter.Mail) string {
	switch {
	case m.Thread.Token != "":
		return "token"
	case len(m.Thread.InReplyTo) > 0:
		return "in_reply_to"
	case len(m.Thread.References) > 0:
		return "references"
	case m.Thread.Tag != "":
		return "subject"
	}
	return "new"
}

func proofWord(p channels.Proof) string {
	switch p {
	case channels.ProofDeclared:
		return "declared"
	case channels.ProofProvider:
		return "provider"
	case channels.ProofVerified:
		return "verified"
	}
	return "none"
}

func (e explained) writeJSON(w io.Writer) error {
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		return err
	}
	_, err := w.Write(line.Bytes())
	return err
}

// writeText writes what a person wants to know, and nothing of what is not there.
func (e explained) writeText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", e.File)
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "  %-12s %s\n", name, strings.ReplaceAll(value, "\n", "\n               "))
		}
	}
	if !e.OK {
		line("not read", e.Error)
		_, err := io.WriteString(w, b.String()+"\n")
		return err
	}
	line("flaw", e.Error)
	line("from", strings.TrimSpace(e.FromName+" <"+e.From+">"))
	line("reply to", e.ReplyTo)
	line("to", strings.Join(e.To, ", "))
	line("cc", strings.Join(e.Cc, ", "))
	line("subject", e.Subject)
	line("date", e.Date)
	line("message id", e.MessageID)
	line("threaded by", e.Thread.Rule)
	line("proof", e.Thread.Proof)
	if e.AutoReply {
		line("machine", strings.TrimSpace(string(e.mail.Auto)+" "+e.AutoReason))
	}
	if e.List {
		line("list", "yes "+e.mail.Details.ListID)
	}
	if e.Spam {
		line("spam", "yes, says the mail server")
	}
	e.textOfDetails(line)
	for _, f := range e.Files {
		inline := ""
		if f.Inline {
			inline = ", shown in the text"
		}
		line("file", fmt.Sprintf("%s (%s, %d bytes%s)", f.Name, f.Type, f.Size, inline))
	}
	line("reply", e.Reply)
	line("signature", e.Signature)
	line("quoted", e.Quoted)
	_, err := io.WriteString(w, b.String()+"\n")
	return err
}

func (e explained) textOfDetails(line func(name, value string)) {
	if e.Bounce != nil {
		for _, r := range e.Bounce.Recipients {
			line("bounce", strings.Join(strings.Fields(r.Address+" "+r.Action+" "+r.Status+" "+r.Diagnostic), " "))
		}
		line("bounce of", e.Bounce.Original)
	}
	for _, a := range e.mail.Details.Calendar {
		when := a.Starts.Format(time.RFC3339)
		if a.AllDay {
			when = a.Starts.Format(time.DateOnly)
		}
		line("calendar", strings.Join(strings.Fields(a.Method+" "+when+" "+a.Summary+" "+a.Location), " "))
	}
	if f := e.Forward; f != nil {
		line("forwards", strings.TrimSpace(f.From.Name+" <"+f.From.Value+"> "+f.Subject)+" ("+f.How+")")
	}
	if e.Seal != nil {
		line("sealed", sealWords(*e.Seal))
		line("hidden title", e.Seal.Subject)
	}
	line("warnings", strings.Join(e.mail.Details.Warnings, ", "))
}

// sealWords say how a mail is sealed, and what came of it.
func sealWords(c channels.Crypt) string {
	words := []string{c.Kind}
	if c.Encrypted {
		words = append(words, "encrypted")
	}
	if c.Opened {
		words = append(words, "opened")
	}
	if c.Failure != "" {
		words = append(words, "not opened: "+c.Failure)
	}
	if c.Unprotected {
		words = append(words, "not protected against change")
	}
	if c.Signed {
		words = append(words, strings.TrimSpace("signed by "+c.Signer))
		switch {
		case c.Valid == nil:
			words = append(words, strings.TrimSpace("not verified "+c.Problem))
		case *c.Valid:
			words = append(words, "valid")
		default:
			words = append(words, "not valid: "+c.Problem)
		}
	}
	if c.Partial {
		words = append(words, "only a part of it")
	}
	return strings.Join(words, ", ")
}
