package main

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"sportello/inbox"
	"sportello/inbox/db"
	"sportello/router/roster"
)

// agentCmd manages agents from a shell; the first of them can be made in no other way.
type agentCmd struct {
	Add      agentAddCmd      `cmd:"" help:"Add an agent. The password is read from standard input, or made and printed once."`
	List     agentListCmd     `cmd:"" help:"List the agents."`
	Password agentPasswordCmd `cmd:"" help:"Set an agent's password, read from standard input, or made and printed once."`
}

type agentAddCmd struct {
	settingsFlag
	Email         string   `arg:"" help:"Address with which the agent signs in."`
	Name          string   `required:"" help:"As colleagues see it."`
	PublicName    string   `help:"As customers see it; the first word of the name if not given."`
	ID            string   `name:"id" help:"Short word that names the agent in rules; made from the address if not given."`
	Role          string   `enum:"agent,manager,admin" default:"agent" help:"agent, manager or admin."`
	Locale        string   `default:"it" help:"Language of the console: it or en."`
	Queue         []string `help:"Queue that the agent serves; may be repeated. All if not given."`
	Skill         []string `help:"Skill with its level, such as inglese=4; may be repeated."`
	PasswordStdin bool     `help:"Read the password from standard input."`
}

// Run adds the agent.
func (c *agentAddCmd) Run(w *world) error {
	return withRoster(w, c.settingsFlag, func(book *roster.Book) error {
		a := roster.Agent{
			ID: inbox.AgentID(c.ID), Email: c.Email, Name: c.Name, PublicName: c.PublicName, Role: roster.Role(c.Role), Locale: c.Locale,
			Capacity: roster.DefaultCapacity(),
		}
		if a.ID == "" {
			local, _, _ := strings.Cut(c.Email, "@")
			a.ID = inbox.AgentID(strings.ToLower(local))
		}
		if a.PublicName == "" {
			a.PublicName = strings.Fields(c.Name + " ?")[0]
		}
		for _, s := range c.Skill {
			skill, err := parseSkill(s)
			if err != nil {
				return err
			}
			a.Skills = append(a.Skills, skill)
		}
		if err := c.queues(w, book, &a); err != nil {
			return err
		}
		password, made, err := password(c.PasswordStdin)
		if err != nil {
			return err
		}
		added, err := book.Add(w.ctx, a, password)
		if err != nil {
			return err
		}
		fmt.Fprintf(w.out, "agent %s <%s> added as %s, queues %v\n", added.ID, added.Email, added.Role, added.Queues)
		if made {
			fmt.Fprintf(w.out, "password: %s\n", password)
		}
		return nil
	})
}

func (c *agentAddCmd) queues(w *world, book *roster.Book, a *roster.Agent) error {
	if len(c.Queue) > 0 {
		for _, q := range c.Queue {
			a.Queues = append(a.Queues, inbox.QueueID(q))
		}
		return nil
	}
	all, err := book.Queues(w.ctx)
	if err != nil {
		return err
	}
	for _, q := range all {
		a.Queues = append(a.Queues, q.ID)
	}
	return nil
}

// parseSkill reads "inglese=4".
func parseSkill(s string) (inbox.Requirement, error) {
	name, level, ok := strings.Cut(s, "=")
	r := inbox.Requirement{Skill: name}
	if _, err := fmt.Sscanf(level, "%d", &r.Level); !ok || err != nil || name == "" || r.Level < 0 || r.Level > 5 {
		return r, fmt.Errorf("skill %q is not of the form inglese=4, with a level from 0 to 5", s)
	}
	return r, nil
}

// password is one line of standard input, or a new one.
func password(stdin bool) (word string, made bool, err error) {
	if !stdin {
		return strings.ToLower(rand.Text()[:16]), true, nil
	}
	line, err := bufio.NewReader(io.LimitReader(os.Stdin, 1024)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", false, fmt.Errorf("password: %w", err)
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", false, errors.New("no password came on standard input")
	}
	return line, false, nil
}

type agentListCmd struct{ settingsFlag }

// Run prints a line per agent.
func (c *agentListCmd) Run(w *world) error {
	return withRoster(w, c.settingsFlag, func(book *roster.Book) error {
		agents, err := book.Agents(w.ctx)
		if err != nil {
			return err
		}
		t := tabwriter.NewWriter(w.out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(t, "ID\tEMAIL\tNAME\tROLE\tQUEUES")
		for _, a := range agents {
			role := string(a.Role)
			if !a.DisabledAt.IsZero() {
				role += " (disabled)"
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%v\n", a.ID, a.Email, a.Name, role, a.Queues)
		}
		return t.Flush()
	})
}

type agentPasswordCmd struct {
	settingsFlag
	ID            string `arg:"" help:"The agent."`
	PasswordStdin bool   `help:"Read the password from standard input."`
}

// Run sets the password.
func (c *agentPasswordCmd) Run(w *world) error {
	return withRoster(w, c.settingsFlag, func(book *roster.Book) error {
		password, made, err := password(c.PasswordStdin)
		if err != nil {
			return err
		}
		if err := book.SetPassword(w.ctx, inbox.AgentID(c.ID), password); err != nil {
			return err
		}
		if made {
			fmt.Fprintf(w.out, "password: %s\n", password)
		}
		return nil
	})
}

// queueCmd manages queues.
type queueCmd struct {
	Add  queueAddCmd  `cmd:"" help:"Add a queue."`
	List queueListCmd `cmd:"" help:"List the queues."`
}

type queueAddCmd struct {
	settingsFlag
	ID   string `arg:"" help:"Short word that names the queue in rules."`
	Name string `required:"" help:"As people see it."`
}

// Run adds the queue.
func (c *queueAddCmd) Run(w *world) error {
	return withRoster(w, c.settingsFlag, func(book *roster.Book) error {
		q, err := book.AddQueue(w.ctx, roster.Queue{ID: inbox.QueueID(c.ID), Name: c.Name})
		if err == nil {
			fmt.Fprintf(w.out, "queue %s added\n", q.ID)
		}
		return err
	})
}

type queueListCmd struct{ settingsFlag }

// Run prints a line per queue.
func (c *queueListCmd) Run(w *world) error {
	return withRoster(w, c.settingsFlag, func(book *roster.Book) error {
		queues, err := book.Queues(w.ctx)
		for _, q := range queues {
			fmt.Fprintf(w.out, "%s\t%s\n", q.ID, q.Name)
		}
		return err
	})
}

// withRoster opens the record, in its newest form, for a command that needs nothing else.
func withRoster(w *world, f settingsFlag, do func(*roster.Book) error) error {
	return withRecord(w, f, func(d *db.DB) error { return do(roster.New(d, time.Now)) })
}
