package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/customer"
	"sportello/inbox/journal"
)

// undoTest is what the process that takes back and sends is told by its environment.
const undoTest = "UNDO_CRASH_TEST"

const undoHold = 10 * time.Second

// undoing is a record with one mail that waits to leave, as some program sees it.
type undoing struct {
	dir    string
	now    time.Time
	ledger *inbox.Ledger
	outbox *inbox.Outbox
	close  func() error
	step   func() // between any two steps
}

func openUndoing(ctx context.Context, dir string) (*undoing, error) {
	record, err := openRecord(ctx, dir)
	if err != nil {
		return nil, err
	}
	u := &undoing{dir: dir, now: time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC), close: record.Close, step: func() {}}
	clock := func() time.Time { return u.now }
	j := journal.New(record)
	u.ledger = inbox.NewLedger(record, j, customer.NewBook(record, j, clock), inbox.Config{
		TokenKey: make([]byte, 32), MailHold: undoHold,
		Accounts: []inbox.Account{{ID: "mail1", Kind: channels.Email, Address: "help@sportello.test", Domain: "sportello.test"}},
	}, clock)
	u.outbox = inbox.NewOutbox(record, j, u.ledger, clock)
	return u, nil
}

// write is the reply that is to be taken back, or sent.
func (u *undoing) write(ctx context.Context) (inbox.Message, error) {
	anna := channels.Address{Kind: channels.Email, Value: "anna@example.test"}
	in, err := u.ledger.Accept(ctx, channels.Inbound{Account: "mail1", Kind: channels.Email, External: "one", From: anna, Text: "help",
		Thread: channels.Thread{MessageID: "one@example.test"}})
	if err != nil {
		return inbox.Message{}, err
	}
	id := inbox.ConversationID(in.Conversation)
	if _, err := u.ledger.Assign(ctx, inbox.AssignCmd{Conversation: id, Agent: "lucia"}); err != nil {
		return inbox.Message{}, err
	}
	return u.ledger.Reply(ctx, inbox.ReplyCmd{Conversation: id, Agent: "lucia", AgentName: "Lucia", ClientID: "one", Text: "Certo", Kind: channels.Email,
		Account: "mail1", Address: anna.Value, Force: true})
}

// undo takes the mail back at a time after it was written. Too late is an answer.
func (u *undoing) undo(ctx context.Context, m inbox.Message, after time.Duration) error {
	u.now = m.At.Add(after)
	u.step()
	_, err := u.ledger.Cancel(ctx, m.Conversation, m.ID, "lucia", false)
	u.step()
	if errors.Is(err, inbox.ErrTooLate) {
		return nil
	}
	return err
}

// send sends what is due at a time after the mail was written, onto a wire that is a file.
func (u *undoing) send(ctx context.Context, m inbox.Message, after time.Duration) error {
	u.now = m.At.Add(after)
	u.step()
	rows, err := u.outbox.Lease(ctx, "node", 10, time.Minute)
	u.step()
	for _, row := range rows {
		if row, err = u.outbox.Begin(ctx, row); err != nil {
			return err
		}
		u.step()
		wire, err := os.OpenFile(filepath.Join(u.dir, "wire"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err == nil {
			_, err = fmt.Fprintln(wire, row.Envelope.Thread.MessageID)
			err = errors.Join(err, wire.Close())
		}
		if err != nil {
			return err
		}
		u.step()
		if err := u.outbox.Sent(ctx, row, channels.Sent{External: row.Envelope.Thread.MessageID, State: channels.StateSent}); err != nil {
			return err
		}
		u.step()
	}
	return err
}

// undoMail is the process: it takes the mail back and sends it, in the order that it is told, and is killed at step at on the way.
func undoMail(told string) int {
	parts := strings.Split(told, " ") // at, order, directory, conversation, message, when it was written
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	at, err1 := strconv.ParseInt(parts[0], 10, 64)
	u, err2 := openUndoing(ctx, parts[2])
	if err := errors.Join(err1, err2); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	written, err := time.Parse(time.RFC3339Nano, parts[5])
	m := inbox.Message{Conversation: inbox.ConversationID(parts[3]), ID: inbox.MessageID(parts[4]), At: written}
	v := &victim{}
	v.at.Store(at)
	u.step = v.die
	if parts[1] == "undo" {
		err = errors.Join(err, u.undo(ctx, m, undoHold/2), u.send(ctx, m, undoHold+time.Second))
	} else {
		err = errors.Join(err, u.send(ctx, m, undoHold+time.Second), u.undo(ctx, m, undoHold+time.Second))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// N7: a program that takes a mail back, and one that sends it, are killed between every two steps. The mail has been taken back and never
// leaves, or it leaves; twice only if it was killed before it could write down that it had left, and then the agent is told.
func TestN7KilledBetweenUndoAndSending(t *testing.T) {
	t.Parallel()
	died := 0
	for _, order := range []string{"undo", "late"} {
		for at := 1; ; at++ {
			dir := t.TempDir()
			u, err := openUndoing(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			m, err := u.write(t.Context())
			if err := errors.Join(err, u.close()); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %s %s %s %s %s", undoTest, at, order, dir, m.Conversation, m.ID, m.At.Format(time.RFC3339Nano)))
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			killed := errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL
			if err != nil && !killed {
				t.Fatalf("%v: %s", err, out)
			}
			if killed {
				died++
			}
			oneOutcome(t, dir, m, fmt.Sprintf("%s, killed at step %d", order, at))
			if !killed {
				break
			}
		}
	}
	if died < 11 {
		t.Errorf("killed at %d steps only", died)
	}
}

// oneOutcome lets another program go on after the death, and looks at what has become of the mail.
func oneOutcome(t *testing.T, dir string, m inbox.Message, when string) {
	t.Helper()
	u, err := openUndoing(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	u.now = m.At.Add(5 * time.Minute)
	if _, err := u.outbox.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(u.undo(t.Context(), m, 5*time.Minute), u.send(t.Context(), m, 10*time.Minute)); err != nil {
		t.Fatal(err)
	}
	got, err := u.ledger.Message(t.Context(), m.ID)
	rows, err2 := u.outbox.Rows(t.Context(), m.ID)
	if err := errors.Join(err, err2, u.close()); err != nil {
		t.Fatal(err)
	}
	wire, err := os.ReadFile(filepath.Join(dir, "wire"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	left := strings.Fields(string(wire))
	switch {
	case len(rows) != 1 || rows[0].State != got.State:
		t.Errorf("%s: the message is %s, its rows %+v", when, got.State, rows)
	case got.State == channels.StateCanceled && len(left) == 0:
	case got.State == channels.StateSent && len(left) == 1:
	case got.State == channels.StateSent && len(left) == 2 && left[0] == left[1] && got.Fault != nil && got.Fault.Class == channels.Uncertain:
	default:
		t.Errorf("%s: %s %v, and left %d times", when, got.State, got.Fault, len(left))
	}
}
