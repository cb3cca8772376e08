package agentui

import (
	"testing"

	"sportello/agentui/wire"
	"sportello/channels"
	"sportello/inbox/inboxtest"
)

// Whoever works here sees what became of mail; managers allow what was stopped.
func TestDeliveries(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	anna, mara := r.as("anna"), r.as("mara")
	_, err := r.ledger.Accept(t.Context(), channels.Inbound{
		Account: "mail", Kind: channels.Email, External: "bounce1", Subject: "Undelivered", Text: "x", Auto: channels.AutoBounce,
		From:    channels.Address{Kind: channels.Email, Value: "mailer-daemon@mx.example"},
		Details: channels.Details{Reports: []channels.Report{{Recipient: "gone@example.it", Action: "failed", Status: "5.1.1"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var out wire.Deliveries
	if code := anna.do("GET", "/api/deliveries", nil, &out); code != 200 || len(out.Reports) != 1 || out.Reports[0].Known || out.Reports[0].Recipients[0].Recipient != "gone@example.it" {
		t.Errorf("%d %+v", code, out)
	}
	if code := anna.do("GET", "/api/deliveries?before=nonsense", nil, nil); code != 400 && code != 422 {
		t.Errorf("a cursor that is none: %d", code)
	}
	out = wire.Deliveries{}
	if code := anna.do("GET", "/api/deliveries?kind=refused", nil, &out); code != 200 || len(out.Reports) != 0 {
		t.Errorf("refused at once: %d %+v", code, out)
	}
	if code := anna.do("GET", "/api/deliveries?kind=nonsense", nil, nil); code != 422 {
		t.Errorf("a kind that is none: %d", code)
	}
	in := wire.Release{ClientID: newID(), Address: "robot@example.org"}
	if code := anna.do("POST", "/api/deliveries/release", in, nil); code != 403 {
		t.Errorf("an agent releases: %d", code)
	}
	if code := mara.do("POST", "/api/deliveries/release", in, nil); code != 204 {
		t.Errorf("a manager releases: %d", code)
	}
}
