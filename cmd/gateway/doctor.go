package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strings"
	"time"

	"sportello/agentui/web"
	"sportello/channels"
	"sportello/channels/email"
	"sportello/channels/email/authn"
	"sportello/inbox"
	"sportello/router"
)

type doctorCmd struct {
	settingsFlag
	JSON bool `name:"json" help:"Print one JSON object per finding and line."`
}

// finding is one thing that doctor looked at. State is ok, warn (works, but …) or bad.
type finding struct {
	State  string `json:"state"`
	What   string `json:"what"`
	Detail string `json:"detail"`
}

// examine is how long one look may take.
const examine = 20 * time.Second

// Run looks at everything the settings name. It exits with 1 when something is bad.
func (c *doctorCmd) Run(w *world) error {
	s, err := c.load(w)
	if err != nil {
		return c.tell(w.out, []finding{{"bad", "settings", err.Error()}})
	}
	found := []finding{{"ok", "settings", "read and valid"}}
	a, err := build(w.ctx, s, slog.New(slog.DiscardHandler), options{})
	if err != nil {
		return c.tell(w.out, append(found, finding{"bad", "stores", err.Error()}))
	}
	d := &doctor{app: a, dns: net.DefaultResolver, found: found}
	for _, look := range []func(context.Context){d.stores, d.clocks, d.people, d.rules, d.mailboxes, d.scanner, d.health, d.senders, d.seals, d.lists, d.receivers, d.phones, d.chats, d.frontEnd, d.singles} {
		look(w.ctx)
	}
	return errors.Join(c.tell(w.out, d.found), a.close())
}

func (c *doctorCmd) tell(out io.Writer, found []finding) error {
	var failed error
	for _, f := range found {
		if f.State == "bad" {
			failed = errQuiet
		}
		if c.JSON {
			if err := json.NewEncoder(out).Encode(f); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(out, "%-4s  %-20s  %s\n", f.State, f.What, strings.ReplaceAll(f.Detail, "\n", "\n"+strings.Repeat(" ", 28)))
	}
	return failed
}

type doctor struct {
	app   *app
	dns   authn.Resolver
	found []finding
}

func (d *doctor) note(state, what, format string, args ...any) {
	d.found = append(d.found, finding{state, what, fmt.Sprintf(format, args...)})
}

// try notes what came of a look that may take time.
func (d *doctor) try(ctx context.Context, what, good string, look func(context.Context) error) {
	ctx, cancel := context.WithTimeout(ctx, examine)
	defer cancel()
	if err := look(ctx); err != nil {
		d.note("bad", what, "%v", err)
		return
	}
	d.note("ok", what, "%s", good)
}

func (d *doctor) stores(ctx context.Context) {
	s := d.app.settings
	d.try(ctx, "record", string(d.app.record.Dialect)+", in its newest form", d.app.record.PingContext)
	d.try(ctx, "live inbox", "Redis answers", d.app.live.Ping)
	d.try(ctx, "attachments", s.Blobs+" can be written", func(ctx context.Context) error {
		_, _, err := d.app.vault.Put(ctx, strings.NewReader("doctor"))
		return err
	})
}

// clocks: every gateway goes by the record's clock; this machine's should not be far from it all the same.
func (d *doctor) clocks(context.Context) {
	ahead := time.Since(d.app.now()).Round(time.Second)
	if ahead.Abs() >= 2*time.Second {
		d.note("warn", "clock", "this machine's is ahead of the record's by %s; gateways go by the record's", ahead)
		return
	}
	d.note("ok", "clock", "this machine's is the record's")
}

// singles names what stands alone.
func (d *doctor) singles(ctx context.Context) {
	nodes, err := d.app.live.Nodes(ctx)
	if err != nil {
		d.note("bad", "gateways", "%v", err)
	}
	d.found = append(d.found, singlePoints(d.app.settings, around{gateways: len(nodes), replicas: d.app.live.Replicas(ctx)})...)
}

func (d *doctor) people(ctx context.Context) {
	agents, err := d.app.roster.Agents(ctx)
	if err != nil {
		d.note("bad", "agents", "%v", err)
		return
	}
	served, active := map[inbox.QueueID]bool{}, 0
	for _, a := range agents {
		if !a.DisabledAt.IsZero() {
			continue
		}
		active++
		for _, q := range a.Queues {
			served[q] = true
		}
	}
	if active == 0 {
		d.note("bad", "agents", "there is none; add one with: gateway agent add EMAIL --name NAME --role admin")
	} else {
		d.note("ok", "agents", "%d can sign in", active)
	}
	queues, err := d.app.roster.Queues(ctx)
	if err != nil {
		d.note("bad", "queues", "%v", err)
		return
	}
	for _, q := range queues {
		if !served[q.ID] {
			d.note("warn", "queue "+string(q.ID), "nobody serves it: what is sent there waits for ever")
		}
	}
}

func (d *doctor) rules(ctx context.Context) {
	set, err := d.app.rules.Current(ctx)
	if err != nil {
		d.note("bad", "rules", "%v", err)
		return
	}
	queues, err := d.app.roster.Queues(ctx)
	if err != nil {
		d.note("bad", "rules", "%v", err)
		return
	}
	var ids []inbox.QueueID
	for _, q := range queues {
		ids = append(ids, q.ID)
	}
	_, problems := router.Compile(set.Rules, ids)
	d.note("ok", "rules", "version %d, %d rules", set.Version, len(set.Rules))
	for _, p := range problems {
		state := "warn"
		if p.Fatal {
			state = "bad"
		}
		d.note(state, fmt.Sprintf("rule %d", p.Index+1), "%s: %s %s", p.Field, p.Code, p.Detail)
	}
}

func (d *doctor) mailboxes(ctx context.Context) {
	for _, id := range slices.Sorted(maps.Keys(d.app.mailboxes)) {
		m := d.app.mailboxes[id]
		if m.UsesTokens() {
			d.try(ctx, string(id)+" OAuth", "the provider gives access tokens", m.CheckToken)
		}
		if m.Reads() {
			d.try(ctx, string(id)+" IMAP", "signed in, folders opened", m.CheckIMAP)
			d.waiting(ctx, string(id), m)
			d.copies(ctx, string(id), m)
		} else {
			d.note("ok", string(id)+" IMAP", "no mailbox: mail is handed over")
		}
		d.try(ctx, string(id)+" SMTP", "signed in", m.CheckSMTP)
	}
}

// waiting says how much lies in a mailbox that is not in the record. A mailbox that cannot be opened has been named already.
func (d *doctor) waiting(ctx context.Context, account string, m *email.Adapter) {
	ctx, cancel := context.WithTimeout(ctx, examine)
	defer cancel()
	n, err := m.Waiting(ctx)
	switch {
	case err != nil:
	case n > 0:
		d.note("warn", account+" mailbox", "%d mails wait to be taken in: normal for a moment, or while no gateway runs", n)
	default:
		d.note("ok", account+" mailbox", "every mail is in the record")
	}
}

// copies says where sent mail is kept. A mailbox or folder that cannot be opened has been named already.
func (d *doctor) copies(ctx context.Context, account string, m *email.Adapter) {
	if !m.Copies() {
		d.note("ok", account+" sent mail", "not copied into a folder: the provider does so, or it is switched off")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, examine)
	defer cancel()
	switch folder, err := m.SentFolder(ctx); {
	case err != nil:
	case folder == "":
		d.note("warn", account+" sent mail", "no copies are kept: there is no folder of sent mail; sent_copy: on makes one")
	default:
		d.note("ok", account+" sent mail", "copied into the folder %q", folder)
	}
}

// health says how the gateways that run see the accounts: the same as the console's banner.
func (d *doctor) health(ctx context.Context) {
	board := newHealthBoard(d.app.log)
	if err := board.listen(ctx, d.app.live, d.app.node); err != nil {
		d.note("bad", "health", "%v", err)
		return
	}
	for _, h := range board.all() {
		what := string(h.Account) + " health"
		switch {
		case h.Sending:
			d.note("bad", what, "nothing can be sent: %s since %s: %s", h.Code, h.Since.UTC().Format(time.RFC3339), h.Detail)
		case !h.OK:
			d.note("bad", what, "%s since %s: %s", h.Code, h.Since.UTC().Format(time.RFC3339), h.Detail)
		case h.Lag > 0:
			d.note("ok", what, "well, %d messages behind", h.Lag)
		default:
			d.note("ok", what, "well")
		}
		if h.Held > 0 {
			d.note("warn", what, "%d messages are held back; once their cause is mended: gateway mail retry %s", h.Held, h.Account)
		}
	}
}

func (d *doctor) phones(ctx context.Context) {
	for _, id := range slices.Sorted(maps.Keys(d.app.phones)) {
		d.try(ctx, string(id)+" SMS", "the provider knows the account", d.app.phones[id].Check)
	}
	for _, c := range d.app.settings.smsConfigs() {
		d.note("ok", string(c.Account)+" webhook", "enter at the provider: %s", c.InboundURL())
	}
	if len(d.app.settings.SMS) > 0 && !d.app.settings.secure() {
		d.note("warn", "webhooks", "public_url is not https: the provider's signature does not hide the messages")
	}
}

func (d *doctor) chats(context.Context) {
	for _, c := range d.app.settings.Chat {
		if len(c.Origins) == 0 {
			d.note("warn", c.Account+" chat", "no website may embed it: name its origins")
			continue
		}
		d.note("ok", c.Account+" chat", "may be embedded by %s", strings.Join(c.Origins, ", "))
		if len(c.JWTKeys) == 0 {
			d.note("warn", c.Account+" chat", "no key: visitors who are signed in on the website stay strangers")
		}
	}
	for _, k := range channels.Kinds() {
		if !slices.ContainsFunc(d.app.settings.inboxConfig().Accounts, func(a inbox.Account) bool { return a.Kind == k }) {
			d.note("ok", string(k), "no account")
		}
	}
}

func (d *doctor) frontEnd(context.Context) {
	for _, name := range []string{"index.html", "widget.html", "loader/v1.js"} {
		if _, err := fs.Stat(web.Dist(), name); err != nil {
			d.note("bad", "front end", "this program was built without %s: make web, then build it again", name)
			return
		}
	}
	d.note("ok", "front end", "built in")
}
