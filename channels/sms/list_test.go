package sms_test

import (
	"slices"
	"testing"
	"time"

	"sportello/channels"
	"sportello/channels/channeltest"
	"sportello/channels/sms"
)

// What the provider has is listed, both ways, over all pages; its own answers and other numbers' texts are not, nor what lies outside
// of the time that was asked for.
func TestN04ProviderIsAskedWhatItHas(t *testing.T) {
	const other = "+390687654321"
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	r := newRig(t, func(_ *sms.Config, tw *channeltest.TwilioConfig) {
		tw.Numbers, tw.Now = []string{number, other}, func() time.Time { return now }
	})
	now = now.AddDate(0, 0, -1)
	r.deliver(t, customer, "yesterday", 200)
	now = now.AddDate(0, 0, 1)
	var in []string
	for range 250 {
		in = append(in, r.deliver(t, customer, "Buongiorno", 200))
	}
	if _, _, err := r.twilio.Deliver(t.Context(), customer, other, "for somebody else"); err != nil {
		t.Fatal(err)
	}
	sent, err := r.adapter.Send(t.Context(), outbound("Arrivederci"))
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	all, err := r.adapter.List(t.Context(), day, day.AddDate(0, 0, 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	var gotIn, gotOut []string
	for _, l := range all {
		if !l.At.Equal(now) || l.Place != l.External {
			t.Fatalf("%+v", l)
		}
		if l.Inbound {
			gotIn = append(gotIn, l.External)
		} else {
			gotOut = append(gotOut, l.External+" "+l.Peer)
		}
	}
	slices.Sort(gotIn)
	if !slices.Equal(gotIn, in) || !slices.Equal(gotOut, []string{sent.External + " " + customer}) {
		t.Fatalf("%d in, out %v", len(gotIn), gotOut)
	}
	r.twilio.Next(1, channeltest.Answer{Status: 500})
	if _, err := r.adapter.List(t.Context(), day, day.AddDate(0, 0, 1), nil); channels.AsFault(err).Class != channels.Temporary || err == nil {
		t.Fatalf("%v", err)
	}
}
