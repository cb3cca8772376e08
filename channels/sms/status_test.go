package sms_test

import (
	"errors"
	"net/url"
	"testing"

	"sportello/channels"
	"sportello/channels/channeltest"
	"sportello/channels/sms"
)

func TestM12StatusesBecomeStates(t *testing.T) {
	for status, want := range map[string]channels.State{
		"accepted": channels.StateQueued, "scheduled": channels.StateQueued, "queued": channels.StateQueued,
		"sending": channels.StateSent, "sent": channels.StateSent, "delivered": channels.StateDelivered, "read": channels.StateRead,
		"failed": channels.StateFailed, "undelivered": channels.StateFailed, "partially_delivered": channels.StateFailed,
		"canceled": channels.StateCanceled,
	} {
		if got, known := sms.StateOf(status); got != want || !known {
			t.Errorf("%s: %s %v, want %s", status, got, known, want)
		}
	}
	for _, status := range []string{"", "receiving", "Delivered", "teleported"} {
		if got, known := sms.StateOf(status); known || got.Rank() > channels.StateQueued.Rank() {
			t.Errorf("%q: %s %v", status, got, known)
		}
	}
}

func TestM12ReceiptsFollowTheMessage(t *testing.T) {
	r := newRig(t, nil)
	r.twilio.Callbacks(channeltest.CallbackPlan{Duplicate: true, Reverse: true})
	sent, err := r.adapter.Send(t.Context(), outbound("ciao"))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.twilio.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	state, seen := sent.State, ""
	for _, receipt := range r.sink.Receipts() {
		if receipt.Account != "sms-it" || receipt.Kind != channels.SMS || receipt.External != sent.External ||
			receipt.OutboxID != outbound("").ID || receipt.Recipient != customer || receipt.Fault != nil {
			t.Fatalf("%+v", receipt)
		}
		seen += receipt.Meta["MessageStatus"] + " "
		if state.After(receipt.State) {
			state = receipt.State
		}
	}
	if state != channels.StateDelivered || seen != "delivered delivered sent sent " {
		t.Fatalf("%s after %q", state, seen)
	}
}

func TestM12UnknownStatusIsStored(t *testing.T) {
	r := newRig(t, nil)
	r.twilio.Outcome(customer, channeltest.Outcome{Status: "teleported"})
	if _, err := r.adapter.Send(t.Context(), outbound("ciao")); err != nil {
		t.Fatal(err)
	}
	if err := r.twilio.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	last := r.sink.Receipts()[1]
	if last.Meta["MessageStatus"] != "teleported" || channels.StateSent.After(last.State) {
		t.Fatalf("%+v", last)
	}
}

func TestM13CallbackWithoutOutboxIDNamesTheSid(t *testing.T) {
	r := newRig(t, nil)
	form := url.Values{"AccountSid": {accountSID}, "MessageSid": {"SM9"}, "MessageStatus": {"sent"}, "To": {customer}}
	const path = "/hooks/sms/sms-it/status"
	if w := post(r, path, formType, form.Encode(), channeltest.SignTwilio(token, publicURL+path, form)); w.Code != 200 {
		t.Fatalf("status %d", w.Code)
	}
	if got := r.sink.Receipts()[0]; got.External != "SM9" || got.OutboxID != "" {
		t.Fatalf("%+v", got)
	}
	form.Del("MessageSid")
	if w := post(r, path, formType, form.Encode(), channeltest.SignTwilio(token, publicURL+path, form)); w.Code != 400 {
		t.Fatalf("nothing named: status %d", w.Code)
	}
}

func TestM14FailedReceiptCarriesItsFault(t *testing.T) {
	r := newRig(t, nil)
	r.twilio.Outcome(customer, channeltest.Outcome{Status: "undelivered", Code: 30006})
	if _, err := r.adapter.Send(t.Context(), outbound("ciao")); err != nil {
		t.Fatal(err)
	}
	if err := r.twilio.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	last := r.sink.Receipts()[1]
	if f := last.Fault; last.State != channels.StateFailed || f == nil || f.Code != channels.CodeNotCapable || !f.Suppress || f.Provider != "30006" {
		t.Fatalf("%+v", last)
	}
}

// Some parts have arrived: sending all of them again would repeat those.
func TestM12PartialDeliveryIsNotRepeated(t *testing.T) {
	r := newRig(t, nil)
	r.twilio.Outcome(customer, channeltest.Outcome{Status: "partially_delivered", Code: 30009})
	if _, err := r.adapter.Send(t.Context(), outbound("lungo")); err != nil {
		t.Fatal(err)
	}
	if err := r.twilio.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	last := r.sink.Receipts()[1]
	if f := last.Fault; last.State != channels.StateFailed || f == nil || f.Class != channels.Permanent || f.RetryAfter != 0 {
		t.Fatalf("%+v", last.Fault)
	}
}

func TestM15OptOutComesLaterWithAService(t *testing.T) {
	r := newRig(t, func(cfg *sms.Config, double *channeltest.TwilioConfig) {
		cfg.MessagingServiceSID, double.ServiceSID = service, service
	})
	r.deliver(t, customer, "STOP", 200)
	if _, err := r.adapter.Send(t.Context(), outbound("offerta")); err != nil {
		t.Fatalf("a service takes the message: %v", err)
	}
	if err := r.twilio.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	receipts := r.sink.Receipts()
	if f := receipts[len(receipts)-1].Fault; f == nil || f.Code != channels.CodeOptedOut || f.Class != channels.Permanent {
		t.Fatalf("%+v", receipts)
	}
}

func TestM04UnsettledReceiptIs503(t *testing.T) {
	r := newRig(t, func(_ *sms.Config, double *channeltest.TwilioConfig) { double.Retries = 1 })
	r.sink.Fail(errors.New("record is down"))
	if _, err := r.adapter.Send(t.Context(), outbound("ciao")); err != nil {
		t.Fatal(err)
	}
	if err := r.twilio.Flush(t.Context()); err == nil {
		t.Fatal("callbacks were answered 2xx though nothing was settled")
	}
	if c := r.adapter.Counts(); c.NotTaken != 4 || c.Receipts != 0 {
		t.Fatalf("%+v", c)
	}
}
