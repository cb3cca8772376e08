package live

import (
	"testing"
	"time"

	"sportello/channels"
)

// What a gateway says of accounts is known to all while it runs, and no longer.
func TestHealthIsKnownToAllGateways(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		ok := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		say := func(node string, all ...channels.Health) {
			t.Helper()
			ok(d.attend(t.Context(), node))
			ok(d.SetHealth(t.Context(), node, all))
		}
		told := func() map[string][]channels.Health {
			t.Helper()
			all, err := d.Health(t.Context())
			ok(err)
			return all
		}
		bad := channels.Health{Account: "mail", Kind: channels.Email, Code: "auth", Since: start, LastSuccess: start.Add(-time.Hour), Lag: -1, Held: 2, At: start.Add(time.Minute)}
		say("one", bad)
		say("two", channels.Health{Account: "sms", Kind: channels.SMS, OK: true, Code: "ok"})
		if all := told(); len(all) != 2 || len(all["one"]) != 1 || all["one"][0] != bad || !all["two"][0].OK {
			t.Fatalf("%+v", all)
		}
		say("one")
		if all := told(); len(all) != 1 {
			t.Errorf("what is said no more: %+v", all)
		}
		say("one", bad)
		d.clock.move(nodeLife / 2)
		say("two", bad)
		d.clock.move(nodeLife/2 + time.Second)
		if all := told(); len(all) != 1 || len(all["two"]) != 1 {
			t.Errorf("after the first has died: %+v", all)
		}
		ok(d.attend(t.Context(), "one"))
		if all := told(); len(all["one"]) != 0 {
			t.Errorf("what a gateway said in another life: %+v", all)
		}
	})
}
