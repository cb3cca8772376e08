package email

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sportello/channels"
	"sportello/channels/email/authn"
	"sportello/channels/email/echo"
	"sportello/channels/email/field"
	"sportello/channels/email/letter"
	"sportello/channels/email/report"
	"sportello/channels/email/verp"
)

// Take brings one mail into the record that was handed to us, and is not in a folder (package receive). Fields that say for whom it was
// delivered are expected before it. When it returns without error the mail is committed, or is our own that came back. It may be called
// from any goroutine. by is judged by SPF unless it is a server of our own.
func (a *Adapter) Take(ctx context.Context, raw []byte, by authn.Envelope) (channels.Accepted, error) {
	t, err := a.keep(ctx, raw, listed{size: int64(len(raw)), by: by})
	if err != nil || t == nil {
		return channels.Accepted{}, err
	}
	return a.accept(ctx, t)
}

// keep brings the bytes of one mail into the vault, then reads it, then brings its files into the vault. It returns nil for a mail that
// is ours. An error of keep or accept means that nothing may be forgotten of the mail: it will be taken again.
func (a *Adapter) keep(ctx context.Context, raw []byte, l listed) (*taken, error) {
	if l.sent {
		h, _ := field.Split(raw)
		if echo.IsOurs(a.cfg.Key, h) {
			return nil, nil // we sent it, and it is in the record
		}
	}
	blob, _, err := a.deps.Vault.Put(ctx, bytes.NewReader(raw))
	if err != nil {
		return nil, storeError{fmt.Errorf("keep raw mail: %w", err)}
	}
	m := a.read(ctx, raw, l)
	if !l.sent {
		a.vouch(ctx, raw, m, l.by)
		if err := a.staff(ctx, m); err != nil {
			return nil, err
		}
	}
	if m.Ours {
		a.log.Info("own mail came back and was left alone", "uid", l.uid, "raw", blob)
		return nil, nil
	}
	t := &taken{mail: m, in: a.inbound(m, l.received), uid: l.uid}
	t.in.Raw, t.in.Outgoing = blob, l.sent
	if t.in.Parts, err = a.keepFiles(ctx, m.Files); err != nil {
		return nil, storeError{err}
	}
	return t, nil
}

// accept brings a kept mail into the record, and then what a delivery report says.
func (a *Adapter) accept(ctx context.Context, t *taken) (channels.Accepted, error) {
	accepted, err := a.deps.Sink.Accept(ctx, t.in)
	if err != nil {
		return accepted, storeError{poison{fmt.Errorf("accept mail: %w", err)}}
	}
	a.log.Debug("mail accepted", "uid", t.uid, "message", accepted.Message, "duplicate", accepted.Duplicate, "flaw", t.mail.Flaw)
	return accepted, a.settle(ctx, t.mail)
}

// read reads one mail as this mailbox takes it. In a folder of sent mail nothing is a customer's, whatever it says of itself.
func (a *Adapter) read(ctx context.Context, raw []byte, l listed) *letter.Mail {
	reading := letter.Reading{Own: a.cfg.own(), Key: a.cfg.Key, AuthServs: a.cfg.AuthServs, Keys: a.cfg.Keys, Cut: l.size > a.cfg.MaxSize, Size: l.size}
	if l.sent {
		reading.Own = nil
	}
	if a.checker().Outside(ctx, l.by.Peer) {
		reading.AuthServs = nil // he may have written that himself (RFC 8601 section 5)
	}
	m := a.deps.Read(raw, reading)
	if len(bytes.TrimSpace(raw)) == 0 { // two of them are not the same mail
		m.External, m.Flaw = fmt.Sprintf("empty:%d", l.uid), "the mail server returned no content"
	}
	return m
}

// settle passes on what a mail server, or the mail program of somebody who got it, says of mail of ours (E-31, E-34). Repeating it is
// harmless.
func (a *Adapter) settle(ctx context.Context, m *letter.Mail) error {
	original := a.original(m)
	for _, f := range a.reports(m) {
		r, ok := receiptOf(original, f)
		if m.Auto == channels.AutoReceipt {
			r, ok = readingOf(original, m)
		}
		if !ok {
			continue
		}
		r.Account, r.At = a.cfg.Account, a.deps.Now()
		if err := a.deps.Sink.Settle(ctx, r); err != nil {
			return storeError{fmt.Errorf("settle delivery report: %w", err)}
		}
	}
	return nil
}

// reports are what a mail says of mail of ours. A bounce that names no recipient speaks of the one that there was, if it is known of which
// mail it speaks.
func (a *Adapter) reports(m *letter.Mail) []channels.Report {
	if m.Auto == channels.AutoBounce && len(m.Report.Recipients) == 0 && a.original(m) != "" {
		return []channels.Report{{Action: report.Outcome(m.Subject, m.Text), Guessed: true}}
	}
	if m.Auto != channels.AutoBounce && m.Auto != channels.AutoReceipt {
		return nil
	}
	return m.Report.Recipients
}

// original is the Message-ID of the mail that a report speaks of, or "". The address that only we can have written counts before what
// the report says.
func (a *Adapter) original(m *letter.Mail) string {
	if m.Auto != channels.AutoBounce {
		return m.Report.Original
	}
	return cmp.Or(a.bounced(m), m.Report.Original)
}

// bounced is the Message-ID of the mail of ours whose bounce this is, by the address that it was sent to, or "".
func (a *Adapter) bounced(m *letter.Mail) string {
	if a.cfg.Bounces == "" {
		return ""
	}
	for _, name := range []string{"delivered-to", "x-original-to", "envelope-to", "to"} {
		for _, to := range field.Addresses(m.Header.All(name)) {
			if id, ok := verp.Read(to.Value, a.cfg.Bounces, a.cfg.Key); ok {
				_, domain, _ := strings.Cut(a.cfg.Address, "@")
				return id + "@" + domain
			}
		}
	}
	return ""
}

// inbound puts what was read into the words that every channel shares.
func (a *Adapter) inbound(m *letter.Mail, received time.Time) channels.Inbound {
	in := channels.Inbound{
		Account: a.cfg.Account, Kind: channels.Email, External: m.External,
		From: m.From, Proof: m.Proof, To: m.To, Cc: m.Cc,
		Subject: m.Subject, Text: m.Text, HTML: m.HTML,
		SentAt: m.Date, ReceivedAt: a.deps.Now(),
		Thread: m.Thread, Auto: m.Auto, Locale: m.Locale, Flaw: m.Flaw, Details: m.Details,
		Meta: make(map[string]string),
	}
	if said := a.reports(m); len(said) > 0 {
		in.Details.Reports = said
	}
	if !received.IsZero() {
		in.Meta["internaldate"] = received.UTC().Format(time.RFC3339)
	}
	if len(m.ReplyTo) > 0 && m.ReplyTo[0].Value != m.From.Value {
		in.Meta["reply-to"] = m.ReplyTo[0].Value
	}
	for _, name := range []string{"auto-submitted", "precedence", "list-id"} {
		if v := m.Header.Get(name); v != "" {
			in.Meta[name] = field.Clip(field.OneLine(v), 200)
		}
	}
	if id := a.original(m); id != "" && !slices.Contains(in.Thread.References, id) {
		in.Thread.References = append(slices.Clip(in.Thread.References), id) // it belongs where that mail is
	}
	return in
}
