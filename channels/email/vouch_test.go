package email

import (
	"slices"
	"testing"
	"time"

	"sportello/channels"
	"sportello/channels/channeltest"
	"sportello/channels/email/authn"
)

// E-46: mail of which no server of ours says anything is looked up as it is taken in, by the address that our own server saw.
func TestE46SendersAreVerifiedOnTheWayIn(t *testing.T) {
	server, r := startMail(t, channeltest.MailOptions{}), newRig()
	cfg := configFor(server)
	cfg.Name, cfg.Relays = "Negozio Grande", []string{"mx.sportello.test"}
	cfg.Resolver = &channeltest.DNS{TXT: map[string][]string{
		"example.test": {"v=spf1 ip4:192.0.2.0/24 -all"}, "_dmarc.example.test": {"v=DMARC1; p=reject"},
	}}
	r.run(t, cfg)
	received := "Received: from out.example.test (out.example.test [192.0.2.5]) by mx.sportello.test (Postfix) with ESMTP; Mon, 2 Mar 2026 10:00:00 +0100"
	deliver(t, server, append([]byte("Return-Path: <bounce@example.test>\r\n"), written("good@example.test", "x", "x", received)...))
	good := r.await(t, 1)[0]
	if d := good.Details.Trust; good.Proof != channels.ProofProvider || d == nil || d.SPF != authn.Pass || d.DMARC != authn.Pass || d.Policy != "reject" || d.Source != authn.Here {
		t.Errorf("%v %+v", good.Proof, d)
	}
	deliver(t, server, written("bad@example.test", "x", "x"))
	bad := r.await(t, 2)[1]
	if d := bad.Details.Trust; bad.Proof != channels.ProofNone || d == nil || d.DMARC != authn.Fail || slices.Contains(bad.Details.Warnings, "brand_name") {
		t.Errorf("%v %+v", bad.Proof, bad.Details)
	}
	deliver(t, server, []byte("From: Negozio Grande <x@evil.test>\r\nReply-To: y@else.test\r\nMessage-ID: <brand@evil.test>\r\nSubject: x\r\n\r\nx"))
	if in := r.await(t, 3)[2]; !slices.Contains(in.Details.Warnings, "brand_name") || len(in.Details.ReplyTo) != 1 || in.Details.ReplyTo[0].Value != "y@else.test" {
		t.Errorf("%+v", in.Details)
	}
}

// A DNS that is silent holds up one mail, and not those behind it.
func TestE46SilentDNSHoldsUpOneMail(t *testing.T) {
	cfg := configFor(startMail(t, channeltest.MailOptions{}))
	dns := &channeltest.DNS{Silent: map[string]bool{"_dmarc.example.test": true}}
	cfg.Resolver = dns
	a := New(cfg, newRig().deps())
	began := time.Now()
	for range 50 {
		m := a.read(t.Context(), written("x@example.test", "x", "x"), listed{})
		if a.vouch(t.Context(), nil, m, authn.Envelope{}); m.Details.Trust == nil || m.Details.Trust.DMARC != authn.TempError || m.Proof != channels.ProofNone {
			t.Fatalf("%+v", m.Details.Trust)
		}
	}
	if took := time.Since(began); took > 2*vouchTime || dns.Asked.Load() > 3 {
		t.Errorf("%v, asked %d times", took, dns.Asked.Load())
	}
}
