package staging

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"sportello/channels/channeltest"
	"sportello/channels/pause"
)

// Fault is what goes wrong in a step of a drill.
type Fault string

// The faults.
const (
	KillGateway  Fault = "gateway killed"
	KillRedis    Fault = "Redis killed"
	KillPostgres Fault = "PostgreSQL killed"
	MailOutage   Fault = "mail servers away"
	ProviderDown Fault = "SMS provider answers 503"
	ProviderLost Fault = "SMS provider takes texts without an answer"
	Callbacks    Fault = "status callbacks twice and in reverse"
	Webhooks     Fault = "webhooks again and in reverse"
	HalfOpen     Fault = "connections half-open"
	Failover     Fault = "Redis master killed, replica promoted"
	ClockAhead   Fault = "clock set an hour ahead, and back"
	ClockBehind  Fault = "clock set an hour back, and ahead"
	RecordAhead  Fault = "PostgreSQL's clock set an hour ahead, and back"
	RecordBehind Fault = "PostgreSQL's clock set an hour back, and ahead"
	MailTorn     Fault = "IMAP connection broken in the middle of a mail"
	MailLost     Fault = "SMTP server takes mails without an answer"
)

var faults = []Fault{KillGateway, KillRedis, KillPostgres, MailOutage, ProviderDown, ProviderLost, Callbacks, Webhooks, HalfOpen,
	Failover, ClockAhead, ClockBehind, RecordAhead, RecordBehind, MailTorn, MailLost}

// ofGateway are the faults that strike one gateway.
var ofGateway = []Fault{KillGateway, ClockAhead, ClockBehind}

// Step is one fault of a drill.
type Step struct {
	At    time.Duration `json:"at"`  // since the beginning
	For   time.Duration `json:"for"` // until what was taken away comes back; 0 for what passes at once
	Fault Fault         `json:"fault"`
	Which int           `json:"which"` // the gateway, counted over and over; or how many calls, texts or mails
}

// String says what happens.
func (s Step) String() string {
	at := fmt.Sprintf("%6.1fs  %s", s.At.Seconds(), s.Fault)
	switch {
	case slices.Contains(ofGateway, s.Fault):
		at += fmt.Sprintf(", gateway %d", s.Which)
	case s.Which > 0:
		at += fmt.Sprintf(", %d", s.Which)
	}
	if s.For > 0 {
		at += fmt.Sprintf(", for %.1fs", s.For.Seconds())
	}
	return at
}

// Plan are the steps of a drill: the same for the same seed, length and number of gateways. Every fault comes once before any comes a
// second time, each at a random point of a slot of its own.
func Plan(seed uint64, length time.Duration, gateways int) (steps []Step) {
	const slot, jitter = 3600 * time.Millisecond, 600 * time.Millisecond
	dice := rand.New(rand.NewPCG(seed, 0x5707e110)) //nolint:gosec // it must be repeatable, not secret
	var order []int
	for begin := 2 * time.Second; begin+slot <= length; begin += slot {
		if len(order) == 0 {
			order = dice.Perm(len(faults))
		}
		s := Step{At: begin + time.Duration(dice.Int64N(int64(jitter))), Fault: faults[order[0]]}
		order = order[1:]
		switch s.Fault {
		case KillGateway, ClockAhead, ClockBehind:
			s.Which = 1 + dice.IntN(gateways)
			s.For = time.Second + time.Duration(dice.Int64N(int64(2*time.Second)))
		case KillRedis, KillPostgres, MailOutage, RecordAhead, RecordBehind:
			s.For = time.Second + time.Duration(dice.Int64N(int64(2*time.Second)))
		case ProviderDown, ProviderLost, MailTorn, MailLost:
			s.Which = 1 + dice.IntN(4)
		case Webhooks:
			s.Which = 5 + dice.IntN(20)
		}
		steps = append(steps, s)
	}
	return steps
}

// Act does the steps of a plan, each at its time, and tells what it does.
func (w *World) Act(ctx context.Context, steps []Step, length time.Duration, tell func(string)) error {
	begin := time.Now()
	for _, s := range steps {
		if !pause.For(ctx, time.Until(begin.Add(s.At))) {
			return ctx.Err()
		}
		tell(s.String())
		if err := w.act(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s.Fault, err)
		}
	}
	pause.For(ctx, time.Until(begin.Add(length)))
	return ctx.Err()
}

func (w *World) act(ctx context.Context, s Step) error {
	switch s.Fault {
	case KillGateway:
		g := w.Gateways[(s.Which-1)%len(w.Gateways)]
		g.Kill()
		pause.For(ctx, s.For)
		return g.Start(ctx)
	case ClockAhead, ClockBehind, RecordAhead, RecordBehind:
		return w.setClock(ctx, s)
	case Failover:
		return w.Redis.Failover(ctx)
	case MailTorn:
		w.IMAP.Tear(s.Which, "BODY[")
	case MailLost:
		w.SMTP.Mute(s.Which, "\r\n.\r\n")
	case KillRedis:
		w.Redis.Kill()
		pause.For(ctx, s.For)
		return w.Redis.Start(ctx)
	case KillPostgres:
		w.Postgres.Kill()
		pause.For(ctx, s.For)
		return w.Postgres.Start(ctx)
	case MailOutage:
		w.IMAP.SetDown(true)
		w.SMTP.SetDown(true)
		pause.For(ctx, s.For)
		w.IMAP.SetDown(false)
		w.SMTP.SetDown(false)
	case ProviderDown:
		w.Provider.Next(s.Which, channeltest.Answer{Status: http.StatusServiceUnavailable, Body: "<h1>Service Unavailable</h1>"})
	case ProviderLost:
		w.Provider.Next(s.Which, channeltest.Answer{Take: true, Break: true})
	case Callbacks:
		w.Provider.Callbacks(channeltest.CallbackPlan{Duplicate: true, Reverse: true})
	case Webhooks:
		w.again(ctx, s.Which)
	case HalfOpen:
		w.Public.Freeze()
	}
	return nil
}

// again announces the last texts once more, the newest first.
func (w *World) again(ctx context.Context, n int) {
	all := w.Provider.Messages()
	for i := len(all) - 1; i >= 0 && n > 0; i-- {
		if all[i].Direction == "inbound" && all[i].Status == "received" {
			_, _ = w.Provider.Redeliver(ctx, all[i].SID) // it was, or is being, announced without this
			n--
		}
	}
}
