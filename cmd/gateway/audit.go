package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/audit"
)

type auditCmd struct {
	settingsFlag
	Day     string        `help:"The day to audit; today if neither this nor --since is given." placeholder:"YYYY-MM-DD" xor:"time"`
	Since   string        `help:"Audit every day from this one on." placeholder:"YYYY-MM-DD" xor:"time"`
	Outside *bool         `help:"Ask the mailboxes and the provider what they have. Without the flag they are asked, and one that cannot be is only noted." negatable:""`
	Grace   time.Duration `help:"How young a message may be that is still on its way." default:"5m"`
	Seal    bool          `help:"Seal the days that are over when everything balances." default:"true" negatable:""`
	JSON    bool          `name:"json" help:"Print one JSON object per line: lines, findings, notes, and the sum."`
}

// Run draws up the balance sheet. It exits with 1 when it does not balance.
func (c *auditCmd) Run(w *world) error {
	return withApp(w, c.settingsFlag, func(a *app) error { return c.audit(w.ctx, w.out, a) })
}

func (c *auditCmd) audit(ctx context.Context, out io.Writer, a *app) error {
	q, err := c.query(a)
	if err != nil {
		return err
	}
	auditor := audit.New(a.record, a.now)
	sheet, err := auditor.Audit(ctx, q)
	if err != nil {
		return err
	}
	if c.Seal && sheet.Balanced() {
		if _, err = auditor.Seal(ctx); err == nil {
			sheet.Sealed, sheet.Seal, err = auditor.Newest(ctx)
		}
		if err != nil {
			return err
		}
	}
	if c.JSON {
		err = printJSON(out, sheet)
	} else {
		err = printSheet(out, sheet)
	}
	if err == nil && !sheet.Balanced() {
		return errQuiet
	}
	return err
}

// query is what the flags ask for.
func (c *auditCmd) query(a *app) (audit.Query, error) {
	zone := a.settings.zone()
	q := audit.Query{Zone: zone, Grace: c.Grace, Demand: c.Outside != nil && *c.Outside}
	now := a.now().In(zone)
	q.From = time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, zone)
	q.Until = q.From.AddDate(0, 0, 1)
	for _, day := range []string{c.Day, c.Since} {
		if day == "" {
			continue
		}
		at, err := time.ParseInLocation(time.DateOnly, day, zone)
		if err != nil {
			return q, fmt.Errorf("%q is not a day such as 2026-03-02", day)
		}
		q.From = at
	}
	if c.Day != "" {
		q.Until = q.From.AddDate(0, 0, 1)
	}
	if !a.settings.Redis.Embedded() { // the embedded one is within the gateway's own process
		q.Shown = a.shown
	}
	if c.Outside != nil && !*c.Outside {
		return q, nil
	}
	for _, id := range slices.Sorted(maps.Keys(a.mailboxes)) {
		if !a.mailboxes[id].Reads() {
			continue // its mail is handed over, and lies nowhere else
		}
		q.Outside = append(q.Outside, audit.Source{Account: id, Kind: channels.Email, Lister: a.mailboxes[id]})
	}
	for _, id := range slices.Sorted(maps.Keys(a.phones)) {
		q.Outside = append(q.Outside, audit.Source{Account: id, Kind: channels.SMS, Lister: a.phones[id]})
	}
	return q, nil
}

// shown is where the live inbox stands with some conversations.
func (a *app) shown(ctx context.Context, ids []inbox.ConversationID) (map[inbox.ConversationID]int64, error) {
	if _, err := a.live.Head(ctx); err != nil {
		return nil, err
	}
	all, err := a.live.Conversations(ctx, ids)
	if err != nil {
		return nil, err
	}
	seqs := make(map[inbox.ConversationID]int64, len(all))
	for _, v := range all {
		seqs[v.ID] = v.LastSeq
	}
	return seqs, nil
}

// printSheet prints a sheet for people.
func printSheet(out io.Writer, s *audit.Sheet) error {
	if len(s.Lines) == 0 {
		fmt.Fprintln(out, "no messages")
	} else {
		t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "day\taccount\tchannel\treceived\tstored\tshown\tto show\toutside\taccepted\tsent\tfailed\tunknown\twaiting\tcanceled\t")
		for _, b := range s.Lines {
			outside := "-"
			if b.Asked {
				outside = strconv.FormatInt(b.Outside, 10)
			}
			verdict := "balanced"
			if !b.Balanced() {
				verdict = "DOES NOT BALANCE"
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%d\t%d\t%d\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%s\n", b.Day, b.Account, b.Kind, b.Received, b.Stored, b.Shown, b.Waiting,
				outside, b.Accepted, b.Sent+b.Delivered+b.Read, b.Failed, b.Unknown, b.Queued+b.Sending, b.Canceled, verdict)
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	for _, f := range s.Findings {
		fmt.Fprintln(out, "wrong:", describe(f))
	}
	for _, f := range s.Notes {
		fmt.Fprintln(out, "note: ", describe(f))
	}
	verdict := "everything balances"
	if !s.Balanced() {
		verdict = fmt.Sprintf("it does not balance: %d findings", len(s.Findings))
	}
	_, err := fmt.Fprintf(out, "%s; %d events in %d streams examined", verdict, s.Events, s.Streams)
	if s.Sealed != "" {
		_, err = fmt.Fprintf(out, "; sealed through %s: %s", s.Sealed, s.Seal)
	}
	fmt.Fprintln(out)
	return err
}

// describe names what a finding is about, and says what is wrong.
func describe(f audit.Finding) string {
	where := string(f.Stream)
	if where == "" {
		where = string(f.Account)
	}
	if f.External != "" {
		where += " " + f.External
	}
	if where == "" {
		where = f.Day
	}
	return fmt.Sprintf("%-18s %s: %s", f.Code, where, f.Detail)
}

// printJSON prints a sheet for machines.
func printJSON(out io.Writer, s *audit.Sheet) error {
	e := json.NewEncoder(out)
	for _, b := range s.Lines {
		line := struct {
			Type     string `json:"type"`
			Balanced bool   `json:"balanced"`
			audit.Balance
		}{"line", b.Balanced(), b}
		if err := e.Encode(line); err != nil {
			return err
		}
	}
	type item struct {
		Type string `json:"type"`
		audit.Finding
	}
	for _, f := range s.Findings {
		if err := e.Encode(item{"finding", f}); err != nil {
			return err
		}
	}
	for _, f := range s.Notes {
		if err := e.Encode(item{"note", f}); err != nil {
			return err
		}
	}
	return e.Encode(map[string]any{
		"type": "sum", "balanced": s.Balanced(), "findings": len(s.Findings), "streams": s.Streams, "events": s.Events, "sealed": s.Sealed, "seal": s.Seal,
	})
}
