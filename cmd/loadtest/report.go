package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"
)

// report is everything that was measured in one run.
type report struct {
	Processors int     `json:"processors"` // shared by the gateway, its parts and this program
	Limits     *limits `json:"limits,omitempty"`
	Rows       []row   `json:"rows"`
}

// row is one figure. What does not apply is zero.
type row struct {
	Name      string             `json:"name"`
	PerSecond float64            `json:"per_second,omitempty"`
	Latency   *quantiles         `json:"latency,omitempty"`
	CPU       map[string]float64 `json:"cpu_ms_each,omitempty"` // by process
	KiB       float64            `json:"kib,omitempty"`
	MiB       float64            `json:"mib,omitempty"`
	Ratios    map[string]float64 `json:"ratios,omitempty"` // to the limits of the same run
	Lost      int64              `json:"lost,omitempty"`
	Bars      []bar              `json:"bars,omitempty"`
	Why       *reasons           `json:"why,omitempty"` // nil when nobody looked
}

// bar is what a figure must reach.
type bar struct {
	What string  `json:"what"`
	Have float64 `json:"have"`
	Want float64 `json:"want"`
	Most bool    `json:"most"` // Want is the most that is allowed, else the least
	Met  bool    `json:"met"`
}

func atLeast(what string, have, want float64) bar {
	return bar{What: what, Have: have, Want: want, Met: have >= want}
}

func atMost(what string, have, want float64) bar {
	return bar{What: what, Have: have, Want: want, Most: true, Met: have <= want}
}

func newReport() *report { return &report{Processors: runtime.NumCPU()} }

// add takes a row. A lost message is a bar that was missed.
func (r *report) add(row row) {
	if row.Lost > 0 {
		row.Bars = append(row.Bars, atMost("lost or refused", float64(row.Lost), 0))
	}
	r.Rows = append(r.Rows, row)
}

// missed counts the bars that were not reached.
func (r *report) missed() int {
	n := 0
	for _, row := range r.Rows {
		n += row.missed()
	}
	return n
}

func (r row) missed() int {
	n := 0
	for _, b := range r.Bars {
		if !b.Met {
			n++
		}
	}
	return n
}

func (r *report) writeJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

func (r *report) writeText(w io.Writer) {
	fmt.Fprintf(w, "%d processors, shared by gateway, PostgreSQL, Redis and the load generator\n\n", r.Processors)
	if l := r.Limits; l != nil {
		fmt.Fprintf(w, "limits of this machine\n")
		fmt.Fprintf(w, "  one-row transactions, 32 connections   %8.0f /s   %.4f ms CPU   alone at 50/s p50 %.3f ms\n", l.RowsPerSecond, l.RowCPU, l.Commit)
		fmt.Fprintf(w, "  Redis XADD, 32 connections             %8.0f /s   %.4f ms CPU\n", l.XAddPerSecond, l.XAddCPU)
		fmt.Fprintf(w, "  Redis EVALSHA, 32 connections          %8.0f /s   %.4f ms CPU   publish to subscriber p50 %.3f ms\n", l.ScriptPerSecond, l.ScriptCPU, l.Hop)
		fmt.Fprintf(w, "  websocket to websocket, 64 pairs       %8.0f /s   %.4f ms CPU   alone at 50/s p50 %.3f ms\n", l.ForwardPerSecond, l.ForwardCPU, l.Forward)
		fmt.Fprintf(w, "  commit + hop + forward at light load   %8.3f ms\n\n", l.light())
	}
	explained := true
	for _, row := range r.Rows {
		row.writeText(w)
		explained = explained && (row.Why != nil || row.missed() == 0)
	}
	if !explained {
		fmt.Fprintln(w, "\nwhere the time of what was missed goes is printed with --profile=DIR")
	}
}

func (r row) writeText(w io.Writer) {
	fmt.Fprintln(w, r.Name)
	var figures []string
	switch {
	case r.MiB > 0:
		figures = append(figures, fmt.Sprintf("%.1f MiB", r.MiB))
	case r.KiB != 0:
		figures = append(figures, fmt.Sprintf("%.1f KiB", r.KiB))
	default:
		figures = append(figures, fmt.Sprintf("%.0f /s", r.PerSecond))
	}
	if r.Latency != nil {
		figures = append(figures, r.Latency.String())
	}
	fmt.Fprintf(w, "  %s\n", strings.Join(figures, "   "))
	if len(r.CPU) > 0 {
		var cpu []string
		for _, name := range slices.Sorted(maps.Keys(r.CPU)) {
			cpu = append(cpu, fmt.Sprintf("%s %.3f", name, r.CPU[name]))
		}
		fmt.Fprintf(w, "  CPU ms each: %s\n", strings.Join(cpu, ", "))
	}
	for _, name := range slices.Sorted(maps.Keys(r.Ratios)) {
		fmt.Fprintf(w, "  %s: %.2f\n", name, r.Ratios[name])
	}
	for _, b := range r.Bars {
		word, sign := "met", "≥"
		if !b.Met {
			word = "MISSED"
		}
		if b.Most {
			sign = "≤"
		}
		fmt.Fprintf(w, "  %-6s %s %.3g, wanted %s %g\n", word, b.What, b.Have, sign, b.Want)
	}
	if r.Why != nil && r.missed() > 0 {
		r.Why.writeText(w)
	}
}
