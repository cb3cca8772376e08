package email

import (
	"context"
	"time"

	"sportello/channels"
	"sportello/channels/email/authn"
	"sportello/channels/email/letter"
)

const (
	vouchTime = 5 * time.Second // for the DNS, of one mail
	vouchRest = time.Minute     // after a mail whose time ran out, nobody is asked for so long
)

// vouch looks up who vouches for a mail of which our own servers do not say whether it passes DMARC. It holds no mail up for longer than vouchTime, and while
// the DNS is away only one mail a minute: those between are taken with temperror.
func (a *Adapter) vouch(ctx context.Context, raw []byte, m *letter.Mail, by authn.Envelope) {
	if authn.Borrowed(m.From, a.cfg.names(), a.cfg.own()) {
		m.Details.Warnings = append(m.Details.Warnings, "brand_name")
	}
	if a.cfg.Resolver == nil || !m.Plain || m.Ours || m.Details.Trust != nil && m.Details.Trust.DMARC != "" || m.From.IsZero() {
		return
	}
	if now := a.deps.Now().UnixMilli(); now < a.restUntil.Load() {
		if m.Details.Trust == nil {
			m.Details.Trust = &channels.Trust{DMARC: authn.TempError, Source: authn.Here}
		}
		return
	}
	checker := a.checker()
	if !checker.Outside(ctx, by.Peer) { // from outside he may have written that himself (RFC 8601 section 5)
		checker.Trusted = a.cfg.AuthServs
	}
	began := time.Now()
	trust, proof := checker.Check(ctx, authn.Mail{Header: m.Header, Raw: raw, From: m.From, Envelope: by})
	m.Details.Trust, m.Proof = &trust, proof
	if time.Since(began) >= vouchTime {
		a.restUntil.Store(a.deps.Now().Add(vouchRest).UnixMilli())
		a.log.Warn("the DNS does not answer: senders of mail are not verified for a while", "wait", vouchRest)
	}
}

// checker looks mails up as this mailbox does.
func (a *Adapter) checker() authn.Checker {
	return authn.Checker{Relays: a.cfg.Relays, Resolver: a.cfg.Resolver, Timeout: vouchTime}
}
