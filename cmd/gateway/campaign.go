package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"sportello/inbox"
	"sportello/inbox/campaign"
)

// campaignCmd works with mail to many.
type campaignCmd struct {
	Send   campaignSendCmd   `cmd:"" help:"Queue a mail to many people of a list, each once. Running it again adds who is missing."`
	Status campaignStatusCmd `cmd:"" help:"Say what has become of a campaign."`
	Stop   campaignStopCmd   `cmd:"" help:"Stop a campaign: what has not left does not leave."`
}

type campaignSendCmd struct {
	settingsFlag
	Name    string `required:"" help:"Names the campaign. Under the same name nobody gets it twice."`
	List    string `required:"" help:"The list of the settings that it is of." placeholder:"ID"`
	Subject string `required:"" help:"Subject. In it and in the texts {name|word}, {first_name|word} and {list} are filled in."`
	Text    string `required:"" help:"File with the text; {unsubscribe} is the page that ends the list." placeholder:"FILE"`
	HTML    string `name:"html" help:"File with the same in HTML; made of the text when not given." placeholder:"FILE"`
	To      string `required:"" help:"File with a customer's id or mail address on each line; - is the standard input." placeholder:"FILE"`
	DryRun  bool   `help:"Say who would get it, and write nothing."`
	JSON    bool   `name:"json" help:"Print one JSON object per recipient and line, and one of the sums."`
}

var campaignName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$`)

// Run queues the campaign.
func (c *campaignSendCmd) Run(w *world) error {
	if !campaignName.MatchString(c.Name) {
		return fmt.Errorf("--name: %q is not a word of letters, digits, dots, - and _", c.Name)
	}
	template, err := c.template()
	if err != nil {
		return err
	}
	to, err := openRecipients(c.To)
	if err != nil {
		return err
	}
	defer func() { _ = to.Close() }()
	return withApp(w, c.settingsFlag, func(a *app) error {
		list, err := a.settings.list(c.List)
		if err != nil {
			return err
		}
		press := campaign.NewPress(a.ledger, a.book, a.leave, a.settings.Zone, a.now)
		out := &sendReport{out: bufio.NewWriter(w.out), json: c.JSON, dry: c.DryRun, leftOut: map[string]int{}}
		lines := bufio.NewScanner(to)
		next := func() (string, bool) { return nextRecipient(lines) }
		job := campaign.Job{Name: c.Name, List: list, Template: template, DryRun: c.DryRun}
		err = errors.Join(press.Run(w.ctx, job, next, out.tell), lines.Err())
		if err == nil {
			err = out.sum(c.Name)
		}
		return errors.Join(explainRefusal(c.Name, err), out.out.Flush())
	})
}

// explainRefusal says in a sentence why a campaign cannot be sent.
func explainRefusal(name string, err error) error {
	switch {
	case errors.Is(err, inbox.ErrOtherCampaign):
		return fmt.Errorf("there is a campaign %s that says something else, or is of another list: take another name", name)
	case errors.Is(err, inbox.ErrStopped):
		return fmt.Errorf("the campaign %s was stopped: take another name", name)
	}
	return err
}

func (c *campaignSendCmd) template() (*campaign.Template, error) {
	text, err := os.ReadFile(c.Text)
	if err != nil {
		return nil, err
	}
	var markup []byte
	if c.HTML != "" {
		if markup, err = os.ReadFile(c.HTML); err != nil {
			return nil, err
		}
	}
	return campaign.Parse(c.Subject, string(text), string(markup))
}

func openRecipients(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(os.Stdin), nil
	}
	return os.Open(name)
}

// nextRecipient is the next line that names somebody. What begins with # is a comment.
func nextRecipient(lines *bufio.Scanner) (string, bool) {
	for lines.Scan() {
		if line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff")); line != "" && line[0] != '#' {
			return line, true
		}
	}
	return "", false
}

// sendReport prints what became of each recipient, and the sums.
type sendReport struct {
	out       *bufio.Writer
	json, dry bool
	queued    int
	already   int
	leftOut   map[string]int // by reason
}

// sentLine is a recipient as JSON.
type sentLine struct {
	Recipient string `json:"recipient"`
	Customer  string `json:"customer,omitempty"`
	Result    string `json:"result"` // queued, would_queue, already, left_out
	Reason    string `json:"reason,omitempty"`
}

func (r *sendReport) tell(o campaign.Outcome) error {
	line := sentLine{Recipient: o.Recipient, Customer: string(o.Customer), Result: "left_out", Reason: o.Reason}
	switch {
	case o.Queued && r.dry:
		line.Result, r.queued = "would_queue", r.queued+1
	case o.Queued:
		line.Result, r.queued = "queued", r.queued+1
	case o.Reason == campaign.Already:
		line.Result, line.Reason, r.already = "already", "", r.already+1
	default:
		r.leftOut[o.Reason]++
	}
	if r.json {
		return json.NewEncoder(r.out).Encode(line)
	}
	_, err := fmt.Fprintln(r.out, strings.TrimSpace(fmt.Sprintf("%-12s %s  %s", line.Result, line.Recipient, line.Reason)))
	return err
}

func (r *sendReport) sum(name string) error {
	if r.json {
		return json.NewEncoder(r.out).Encode(map[string]any{"campaign": name, "dry_run": r.dry, "queued": r.queued, "already": r.already, "left_out": r.leftOut})
	}
	verb := "queued"
	if r.dry {
		verb = "would be queued"
	}
	_, err := fmt.Fprintf(r.out, "campaign %s: %d %s, %d had it already, left out:%s\n", name, r.queued, verb, r.already, counted(r.leftOut))
	return err
}

// counted prints counts by reason, such as " suppressed 2, unknown 1".
func counted[K ~string](by map[K]int) string {
	if len(by) == 0 {
		return " none"
	}
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(by)) {
		parts = append(parts, fmt.Sprintf(" %s %d", k, by[k]))
	}
	return strings.Join(parts, ",")
}

type campaignStatusCmd struct {
	settingsFlag
	Name string `arg:"" help:"The campaign."`
	JSON bool   `name:"json" help:"Print one JSON object."`
}

// Run prints the counts.
func (c *campaignStatusCmd) Run(w *world) error {
	return withApp(w, c.settingsFlag, func(a *app) error {
		s, err := a.ledger.CampaignStatus(w.ctx, c.Name)
		if err != nil {
			return noCampaign(c.Name, err)
		}
		if c.JSON {
			return json.NewEncoder(w.out).Encode(s)
		}
		state := "goes on"
		if !s.StoppedAt.IsZero() {
			state = "stopped " + s.StoppedAt.Format(time.RFC3339)
		}
		_, err = fmt.Fprintf(w.out, `campaign      %s, list %s, begun %s, %s
receivers     %d
waiting       %d, held:%s
sent          %d
refused      %s
failed       %s
bounced      %s
unknown       %d
canceled      %d
complaints    %d
unsubscribed  %d
`, s.Name, s.List, s.CreatedAt.Format(time.RFC3339), state, s.Receivers, s.Waiting, counted(s.Held), s.Sent, counted(s.Refused), counted(s.Failed),
			counted(s.Bounced), s.Unknown, s.Canceled, s.Complaints, s.Unsubscribed)
		return err
	})
}

type campaignStopCmd struct {
	settingsFlag
	Name string `arg:"" help:"The campaign."`
}

// Run stops the campaign.
func (c *campaignStopCmd) Run(w *world) error {
	return withApp(w, c.settingsFlag, func(a *app) error {
		n, err := a.ledger.StopCampaign(w.ctx, c.Name)
		if err != nil {
			return noCampaign(c.Name, err)
		}
		_, err = fmt.Fprintf(w.out, "campaign %s is stopped: %d mails do not leave\n", c.Name, n)
		return err
	})
}

func noCampaign(name string, err error) error {
	if errors.Is(err, inbox.ErrNotFound) {
		return fmt.Errorf("there is no campaign %q", name)
	}
	return err
}
