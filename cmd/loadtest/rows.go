package main

import (
	"context"
	"fmt"
	"time"
)

// chatRows measures visitors and agents in both directions.
func (b *bench) chatRows(ctx context.Context, only func(string) bool) error {
	r, err := b.openRoom(ctx)
	defer r.close()
	if err != nil {
		return err
	}
	for _, m := range []struct {
		name string
		work func(context.Context, *sample)
		add  func(string, *sample)
	}{
		{"chat", r.loop((*talk).write), b.addChat},
		{"light", r.light((*talk).write), b.addLight},
		{"reply", r.loop((*talk).reply), b.addReply},
		{"reply-light", r.light((*talk).reply), b.addLight},
	} {
		if !only(m.name) {
			continue
		}
		b.say(b.prefix + m.name)
		s, err := b.measure(ctx, m.name, m.work)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		m.add(m.name, s)
	}
	return nil
}

// parts are the processes whose time the bars speak of.
func parts(cpu map[string]float64) float64 { return cpu["gateway"] + cpu["postgres"] + cpu["redis"] }

func (b *bench) addChat(_ string, s *sample) {
	row := b.row("chat, visitor → committed → agent, closed loop of 64", s)
	if b.lite {
		row.Bars = []bar{atLeast("msg/s", row.PerSecond, 3000)}
		b.report.add(row)
		return
	}
	row.Bars = []bar{atLeast("msg/s", row.PerSecond, 6000), atMost("CPU ms", parts(row.CPU), .2)}
	if b.limits.measured() {
		share := row.PerSecond / b.limits.RowsPerSecond
		row.Ratios = map[string]float64{"CPU × raw (forward + row + script)": parts(row.CPU) / b.limits.cpuFloor()}
		row.Bars = append(row.Bars, atLeast("of raw rows/s", share, .35))
	}
	b.report.add(row)
}

// measured reports whether there is anything to compare with.
func (l limits) measured() bool { return l.RowsPerSecond > 0 && l.light() > 0 }

// cpuFloor is what one message costs at least when nothing is batched, in ms.
func (l limits) cpuFloor() float64 { return l.ForwardCPU + l.RowCPU + l.ScriptCPU }

var lightNames = map[string]string{"light": "chat, visitor → agent, 50 msg/s", "reply-light": "reply, agent → visitor, 50 msg/s"}

func (b *bench) addLight(name string, s *sample) {
	row := b.row(lightNames[name], s)
	if sum := b.limits.light(); b.limits.measured() {
		row.Bars = []bar{atMost("p50 × raw sum", row.Latency.P50/sum, 3), atMost("p99 × raw sum", row.Latency.P99/sum, 8)}
	}
	b.report.add(row)
}

func (b *bench) addReply(_ string, s *sample) {
	row := b.row("reply, agent → visitor, closed loop of 64", s)
	row.Bars = []bar{atLeast("msg/s", row.PerSecond, 4000)}
	b.share(&row)
	b.report.add(row)
}

// share shows a rate as a share of the raw one.
func (b *bench) share(r *row) {
	if b.limits.measured() {
		r.Ratios = map[string]float64{"of raw rows/s": r.PerSecond / b.limits.RowsPerSecond}
	}
}

// row is what every kind of message shows.
func (b *bench) row(name string, s *sample) row {
	return row{Name: b.prefix + name, PerSecond: s.perSecond(), Latency: s.times.quantiles(), CPU: s.perMessage(), Lost: s.lost.Load(), Why: s.why}
}

// idleRows measures what connections cost that say nothing. The gateway must be freshly started, so that no garbage of other work hides
// what they need.
func (b *bench) idleRows(ctx context.Context) error {
	b.say(b.prefix + "idle")
	empty, err := b.settled(ctx, 5*time.Second)
	if err != nil {
		return err
	}
	if err := b.evidence(ctx, "empty"); err != nil {
		return err
	}
	b.report.add(row{Name: b.prefix + "gateway resident, idle", MiB: float64(empty) / (1 << 20), Bars: []bar{atMost("MiB", float64(empty)/(1<<20), 60)}})
	agents, err := b.crowd(ctx, "agents", empty, b.desk)
	if err != nil {
		return fmt.Errorf("idle agents: %w", err)
	}
	defer agents.close()
	b.addIdle("agent's socket", agents)
	guests, err := b.crowd(ctx, "visitors", agents.after, b.guest)
	if err != nil {
		return fmt.Errorf("idle visitors: %w", err)
	}
	defer guests.close()
	b.addIdle("visitor's socket", guests)
	return nil
}

func (b *bench) addIdle(what string, c *crowd) {
	kib := c.bytes / 1024
	b.report.add(row{Name: b.prefix + "memory per idle " + what, KiB: kib, Bars: []bar{atMost("KiB", kib, 14)}})
	b.report.add(row{Name: b.prefix + "opening, " + what, PerSecond: float64(len(c.open)) / c.took.Seconds(), CPU: c.cpu})
}
