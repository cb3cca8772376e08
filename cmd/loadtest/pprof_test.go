package main

import (
	"bytes"
	"encoding/json"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"
	"time"
)

// burn works for about so long of this process' time.
func burn(t *testing.T, d time.Duration) {
	t.Helper()
	begin, err := ownCPU()
	for now := begin; now-begin < d; now, err = ownCPU() {
		if err != nil {
			t.Fatal(err)
		}
		for range 1000 {
			_, _ = json.Marshal(map[string]int{"one": 1, "two": 2})
		}
	}
}

// What works in a real profile is named: our package with all that it calls, and the package whose code runs.
func TestHeaviestPlacesOfAProfile(t *testing.T) {
	var raw bytes.Buffer
	if err := pprof.StartCPUProfile(&raw); err != nil {
		t.Fatal(err)
	}
	burn(t, 500*time.Millisecond)
	pprof.StopCPUProfile()
	own, leaves, err := heaviest(raw.Bytes(), 3)
	mine := slices.IndexFunc(own, func(s share) bool { return s.Name == "cmd/loadtest" })
	if err != nil || mine < 0 || own[mine].Share < .2 || own[mine].Share > 1 { // the race detector's own work belongs to nobody
		t.Errorf("%+v, %v", own, err)
	}
	if !slices.ContainsFunc(leaves, func(s share) bool { return s.Name == "encoding/json" || s.Name == "runtime" || s.Name == "reflect" }) {
		t.Errorf("%+v", leaves)
	}
	for _, broken := range [][]byte{nil, []byte("no profile"), raw.Bytes()[:raw.Len()/2]} {
		if _, _, err := heaviest(broken, 3); err == nil {
			t.Errorf("%d bytes are taken for a profile", len(broken))
		}
	}
}

func TestPackageOfAFunction(t *testing.T) {
	for function, want := range map[string]string{
		"sportello/inbox.(*Ledger).Accept": "sportello/inbox", "runtime.mallocgc": "runtime", "encoding/json.Marshal": "encoding/json",
		"sportello/inbox.list[go.shape.struct { sportello/inbox/journal.ID string }]": "sportello/inbox",
		"github.com/jackc/pgx/v5.(*Conn).Query.func1":                                 "github.com/jackc/pgx/v5",
	} {
		if got := packageOf(function); got != want {
			t.Errorf("%s: %s, want %s", function, got, want)
		}
	}
}

// A missed bar explains itself, a met one does not, and where nobody looked it is said how to.
func TestMissedBarsSayWhy(t *testing.T) {
	why := &reasons{Own: []share{{"inbox", .4}}, Leaves: []share{{"encoding/json", .25}},
		Statements: []statement{{Calls: 1, MS: .31, Text: "INSERT INTO message " + strings.Repeat("x", 200)}}}
	for name, c := range map[string]struct {
		row  row
		want []string
		not  string
	}{
		"missed":   {row{Name: "chat", Why: why, Bars: []bar{atLeast("msg/s", 1, 2)}}, []string{"our packages: inbox 40 %", "running code: encoding/json 25 %", "0.310 ms each: INSERT INTO message xxx"}, "--profile"},
		"met":      {row{Name: "chat", Why: why, Bars: []bar{atLeast("msg/s", 3, 2)}}, []string{"met"}, "inbox"},
		"unlooked": {row{Name: "chat", Bars: []bar{atLeast("msg/s", 1, 2)}}, []string{"--profile=DIR"}, "inbox"},
	} {
		r := newReport()
		r.add(c.row)
		var text, raw bytes.Buffer
		r.writeText(&text)
		for _, want := range c.want {
			if !strings.Contains(text.String(), want) {
				t.Errorf("%s: %q is not in\n%s", name, want, &text)
			}
		}
		if strings.Contains(text.String(), c.not) {
			t.Errorf("%s: %q is in\n%s", name, c.not, &text)
		}
		var back report
		if err := r.writeJSON(&raw); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw.Bytes(), &back); err != nil || (back.Rows[0].Why == nil) != (c.row.Why == nil) {
			t.Errorf("%s: %v %+v", name, err, back.Rows)
		}
	}
}
