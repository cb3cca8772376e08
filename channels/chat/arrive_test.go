package chat_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"sportello/channels/chat"
)

// C-08: what a push says completely is shown without asking the record: to the tab that wrote, to the other tab, and from an agent.
func TestC08NextLineIsShownFromThePush(t *testing.T) {
	r := open(t, func(s *chat.Settings) { s.Limits.Messages = 100 })
	token := r.visit("")
	a, b := r.resumed(token), r.resumed(token)
	a.write("0")
	a.hear("lines")
	b.hear("lines") // had no conversation yet, so it asked
	before := r.mem.Reads()
	for i := range 10 {
		ack := a.write(fmt.Sprint(i))
		for _, tab := range []*tab{a, b} {
			f := tab.hear("lines")
			if f.Reset || !f.Open || len(f.Lines) != 1 || f.Lines[0].Client != ack.ID || f.Lines[0].Seq != ack.Seq || f.Upto != ack.Seq {
				t.Fatalf("message %d: %+v", i, f)
			}
		}
		out := r.mem.Write("shop", visitorOf(r), "Bea", "risposta")
		if _, err := r.srv.Send(context.Background(), out); err != nil {
			t.Fatal(err)
		}
		for _, tab := range []*tab{a, b} {
			f := tab.hear("lines")
			if len(f.Lines) != 1 || f.Lines[0].ID != out.Message || f.Lines[0].Name != "Bea" || f.Upto != out.Seq {
				t.Fatalf("answer %d: %+v", i, f)
			}
		}
	}
	if n := r.mem.Reads() - before; n != 0 {
		t.Errorf("the record was read %d times", n)
	}
}

// C-06: a line whose push was lost comes before the visitor's own later message, in one look for however many messages, and none twice.
func TestC06OwnMessageDoesNotHideALostLine(t *testing.T) {
	r := open(t, nil)
	b := r.resumed(r.visit(""))
	b.write("uno")
	b.hear("lines")
	before := r.mem.Reads()
	r.mem.Write("shop", visitorOf(r), "Bea", "due") // and its push never comes
	b.write("tre")
	b.write("quattro")
	var got []string
	for len(got) < 3 {
		f := b.hear("lines")
		for _, l := range f.Lines {
			got = append(got, l.Text)
		}
	}
	if !slices.Equal(got, []string{"due", "tre", "quattro"}) {
		t.Fatalf("lines %v", got)
	}
	if n := r.mem.Reads() - before; n > 2 {
		t.Errorf("the record was read %d times for two messages", n)
	}
	if ack := b.write("cinque"); ack.Seq != 6 {
		t.Fatalf("ack %+v", ack)
	}
	if f := b.hear("lines"); len(f.Lines) != 1 || f.Lines[0].Text != "cinque" || f.Upto != 6 {
		t.Fatalf("lines %+v", f)
	}
}

// C-06: an answer that comes while a look is due brings everything before it, and the look is not needed any more.
func TestC06NextAnswerTakesTheLookThatIsDue(t *testing.T) {
	r := open(t, nil)
	b := r.resumed(r.visit(""))
	b.write("uno")
	b.hear("lines")
	r.mem.Write("shop", visitorOf(r), "Bea", "due")
	b.write("tre")
	start := time.Now()
	if _, err := r.srv.Send(context.Background(), r.mem.Write("shop", visitorOf(r), "Bea", "quattro")); err != nil {
		t.Fatal(err)
	}
	f := b.hear("lines")
	if len(f.Lines) != 3 || f.Lines[0].Text != "due" || f.Lines[1].Text != "tre" || f.Lines[2].Text != "quattro" || f.Upto != 6 {
		t.Fatalf("after %v: lines %+v", time.Since(start), f)
	}
}

// C-07: of a repeat with other words the first words count, in every tab.
func TestC07RepeatShowsWhatWasTaken(t *testing.T) {
	r := open(t, nil)
	token := r.visit("")
	a, b := r.resumed(token), r.resumed(token)
	a.write("uno")
	b.hear("lines")
	id := uuid.NewString()
	r.mem.Deaf(true)
	a.say(map[string]any{"t": "send", "id": id, "text": "prima"})
	a.hear("ack")
	r.mem.Deaf(false)
	a.say(map[string]any{"t": "send", "id": id, "text": "dopo"})
	a.hear("ack")
	if f := b.hear("lines"); len(f.Lines) != 1 || f.Lines[0].Text != "prima" || f.Lines[0].ID == "" {
		t.Fatalf("lines %+v", f)
	}
}

// C-06: a message into a conversation that was closed meanwhile begins anew.
func TestC06MessageAfterTheEndBeginsAnew(t *testing.T) {
	r := open(t, nil)
	b := r.resumed(r.visit(""))
	first := b.write("uno")
	b.hear("lines")
	r.mem.End("shop", visitorOf(r))
	second := b.write("due")
	f := b.hear("lines")
	if second.Epoch == first.Epoch || !f.Reset || f.Epoch != second.Epoch || len(f.Lines) != 1 || f.Lines[0].Text != "due" {
		t.Fatalf("ack %+v, lines %+v", second, f)
	}
}

// BenchmarkTwoTabs measures one message of a visitor with two tabs, from sending to both having its line, and how often the record is
// read for it.
func BenchmarkTwoTabs(bench *testing.B) {
	r := open(bench, func(s *chat.Settings) { s.Limits.Messages, s.Limits.MessageEvery = 1<<30, time.Nanosecond })
	token := r.visit("")
	a, b := r.resumed(token), r.resumed(token)
	a.write("0")
	a.hear("lines")
	b.hear("lines")
	before := r.mem.Reads()
	for bench.Loop() {
		a.write("ciao")
		a.hear("lines")
		b.hear("lines")
	}
	bench.ReportMetric(float64(r.mem.Reads()-before)/float64(bench.N), "reads/op")
}
