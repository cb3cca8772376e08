package sms_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"sportello/channels/channeltest"
	"sportello/channels/sms"
)

// An account in trouble is not sent by, so that a send cannot be what finds out that the trouble is over.
func TestM14TroubleOfTheAPIEndsByItself(t *testing.T) {
	r := newRig(t, func(c *sms.Config, _ *channeltest.TwilioConfig) { c.AskEvery = time.Millisecond })
	r.twilio.Next(3, channeltest.Answer{Status: 503, Body: "away"})
	if _, err := r.adapter.Send(t.Context(), outbound("ciao")); err == nil {
		t.Fatal("sent although the provider was away")
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.adapter.Run(ctx) }()
	until(t, "the account to be well", func() bool { return strings.Join(r.codes(), " ") == "protocol ok" })
	if n := r.twilio.Calls(); n < 4 {
		t.Errorf("well after %d calls, of which three were refused", n)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
