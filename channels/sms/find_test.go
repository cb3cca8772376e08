package sms_test

import (
	"testing"
	"time"

	"sportello/channels"
	"sportello/channels/channeltest"
)

func TestM10FindSettlesWhatTheProviderTook(t *testing.T) {
	r := newRig(t, nil)
	since := time.Now().Add(-time.Minute)
	first, err := r.adapter.Send(t.Context(), outbound("ok"))
	if err != nil {
		t.Fatal(err)
	}
	r.deliver(t, customer, "ok", 200)
	r.twilio.Next(1, channeltest.Answer{Take: true, Break: true})
	lost := outbound("ok")
	lost.ID = "0199b0c0-0000-7000-8000-000000000002"
	if _, err := r.adapter.Send(t.Context(), lost); channels.AsFault(err).Class != channels.Uncertain {
		t.Fatal(err)
	}
	known := func(external string) bool { return external == first.External }
	got, found, err := r.adapter.Find(t.Context(), lost, since, known)
	if err != nil || !found {
		t.Fatalf("found %v, %v", found, err)
	}
	if want := r.twilio.Sent()[1].SID; got.External != want || got.OutboxID != lost.ID || !channels.StateUnknown.After(got.State) {
		t.Fatalf("%+v, want %s", got, want)
	}
	if n := len(r.twilio.Sent()); n != 2 {
		t.Fatalf("%d messages: finding must not send", n)
	}
}

func TestM10FindTellsFailureAndAbsence(t *testing.T) {
	r := newRig(t, nil)
	since := time.Now().Add(-time.Minute)
	out := outbound("mai visto")
	if _, found, err := r.adapter.Find(t.Context(), out, since, nil); found || err != nil {
		t.Fatalf("found %v, %v", found, err)
	}
	r.twilio.Outcome(customer, channeltest.Outcome{Status: "undelivered", Code: 30003})
	if _, err := r.adapter.Send(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	if err := r.twilio.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, found, err := r.adapter.Find(t.Context(), out, since, nil)
	if err != nil || !found || got.State != channels.StateFailed || got.Fault == nil || got.Fault.Code != channels.CodeUnreachable {
		t.Fatalf("%+v %v %v", got, found, err)
	}
	if _, found, err := r.adapter.Find(t.Context(), out, time.Now().Add(time.Hour), nil); found || err != nil {
		t.Fatalf("a message from before was found: %v", err)
	}
	for _, a := range []channeltest.Answer{{Status: 504, Body: "late"}, {Status: 401, Code: 20003}, {Status: 200, Body: "<html>"}} {
		r.twilio.Next(1, a)
		if _, found, err := r.adapter.Find(t.Context(), out, since, nil); found || channels.AsFault(err) == nil || channels.AsFault(err).Class != channels.Temporary {
			t.Fatalf("%+v: found %v, %v", a, found, err)
		}
	}
}
