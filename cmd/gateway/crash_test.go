package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sportello/channels"
	"sportello/channels/channeltest/mailrig"
	"sportello/channels/email"
	"sportello/inbox"
	"sportello/inbox/blob"
	"sportello/inbox/customer"
	"sportello/inbox/db"
	"sportello/inbox/journal"
)

// victim is what a process reads a mailbox with until it is killed at one of its steps. Steps are what lies between the fetching of a
// mail and the bookmark behind it: before and after each time that bytes, a message or a position are stored.
type victim struct {
	channels.Vault
	channels.Sink
	channels.Bookmarks
	at, step atomic.Int64
}

// die kills the process, as the kernel does when memory is short: nothing is flushed, nothing is deferred.
func (v *victim) die() {
	if v.step.Add(1) == v.at.Load() {
		if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
			panic(err)
		}
		select {}
	}
}

// Put implements channels.Vault.
func (v *victim) Put(ctx context.Context, r io.Reader) (channels.BlobID, int64, error) {
	v.die()
	defer v.die()
	return v.Vault.Put(ctx, r)
}

// Accept implements channels.Sink.
func (v *victim) Accept(ctx context.Context, in channels.Inbound) (channels.Accepted, error) {
	v.die()
	defer v.die()
	return v.Sink.Accept(ctx, in)
}

// Save implements channels.Bookmarks.
func (v *victim) Save(ctx context.Context, account channels.AccountID, name, value string) error {
	v.die()
	defer v.die()
	return v.Bookmarks.Save(ctx, account, name, value)
}

// crashTest is what the process that is to die is told by its environment.
const crashTest = "MAILBOX_CRASH_TEST"

// readMailbox is the process: it reads a mailbox into a record until nothing is left, and is killed at step at on the way.
func readMailbox(told string) int {
	parts := strings.Split(told, " ")
	at, err1 := strconv.ParseInt(parts[0], 10, 64)
	port, err2 := strconv.Atoi(parts[1])
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	record, err3 := openRecord(ctx, parts[3])
	if err := errors.Join(err1, err2, err3); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	j := journal.New(record)
	book := customer.NewBook(record, j, time.Now)
	ledger := inbox.NewLedger(record, j, book, inbox.Config{
		TokenKey: make([]byte, 32), Accounts: []inbox.Account{{ID: "mail1", Kind: channels.Email, Address: parts[2], Domain: "sportello.test"}},
	}, time.Now)
	v := &victim{Vault: blob.Dir(filepath.Join(parts[3], "blobs")), Sink: ledger, Bookmarks: inbox.NewBookmarks(record, time.Now)}
	v.at.Store(at)
	done := false
	a := email.New(email.Config{
		Account: "mail1", Address: parts[2], InsecureLab: true, After: email.AfterMove, MoveTo: "Fatto", RetryMin: 10 * time.Millisecond,
		IMAP: email.Server{Host: "127.0.0.1", Port: port, TLS: email.TLSDisabled, User: parts[2], Password: mailrig.Password},
		SMTP: email.Server{Host: "127.0.0.1", Port: 1},
	}, email.Deps{Sink: v, Vault: v, Bookmarks: v, Health: func(h channels.Health) {
		if h.OK && h.Lag == 0 {
			done = true
			cancel()
		}
	}})
	if err := a.Run(ctx); !done {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func openRecord(ctx context.Context, dir string) (*db.DB, error) {
	record, err := db.Open(ctx, "sqlite:"+filepath.Join(dir, "record.db"))
	if err != nil {
		return nil, err
	}
	_, err = record.Migrate(ctx)
	return record, err
}

// REQ-EM1, promise 1: a process that reads a mailbox is killed between every two steps, and another goes on after it. Each mail is in
// the record once, and in the folder for what is done once.
func TestREQEM1KilledBetweenEveryTwoSteps(t *testing.T) {
	t.Parallel()
	d := mailrig.StartDovecot(t)
	big := strings.Repeat("una riga del testo\r\n", 70_000) // goes alone, and through the vault while it arrives
	const mails = 4
	died := 0
	for at := 1; ; at++ {
		dir, user := t.TempDir(), fmt.Sprintf("crash%d@sportello.test", at)
		for i, text := range []string{"uno", big, "tre", "quattro"} {
			d.Append(t, user, time.Now(), fmt.Appendf(nil, "From: <c%d@example.test>\r\nSubject: %d\r\nMessage-ID: <m%d@example.test>\r\n\r\n%s\r\n", i, i, i, text))
		}
		run := func(at int) error {
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %d %s %s", crashTest, at, d.IMAPPort, user, dir))
			out, err := cmd.CombinedOutput()
			if err != nil {
				return fmt.Errorf("%w: %s", err, out)
			}
			return nil
		}
		err := run(at)
		var exit *exec.ExitError
		killed := errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL
		if err != nil && !killed {
			t.Fatal(err)
		}
		if killed {
			died++
			if err := run(0); err != nil {
				t.Fatalf("after the death at step %d: %v", at, err)
			}
		}
		record, err := openRecord(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		var all, distinct, conversations int
		err = record.QueryRowContext(t.Context(), `SELECT COUNT(*), COUNT(DISTINCT external_id), COUNT(DISTINCT conversation_id) FROM message`).Scan(&all, &distinct, &conversations)
		if err := errors.Join(err, record.Close()); err != nil {
			t.Fatal(err)
		}
		left, moved := len(d.In(t, user, "INBOX")), len(d.In(t, user, "Fatto"))
		if all != mails || distinct != mails || conversations != mails || left != 0 || moved != mails {
			t.Errorf("killed at step %d: %d messages, %d of them distinct, in %d conversations; %d mails in INBOX, %d moved; want %d of each and none left",
				at, all, distinct, conversations, left, moved, mails)
		}
		if !killed {
			break
		}
	}
	if died < 20 {
		t.Errorf("killed at %d steps only: the test shows little", died)
	}
	t.Logf("killed at %d steps", died)
}
