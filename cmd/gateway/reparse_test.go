package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sportello/channels/email/letter"
	"sportello/inbox/inboxtest"
)

// reparse runs the command and returns what it printed.
func (a *audited) reparse(args ...string) string {
	a.Helper()
	var out, logs bytes.Buffer
	if code := run(a.Context(), slices.Concat([]string{"mail", "reparse", "--settings", a.file}, args), nil, &out, &logs); code != 0 {
		a.Fatalf("exit status %d\n%s\n%s", code, out.String(), logs.String())
	}
	return out.String()
}

// sums counts what must not change, and what must.
func (a *audited) sums() (rows, texts string) {
	a.Helper()
	var conversations, messages, outbox, flawed, whole, parts int
	for query, into := range map[string]*int{
		`SELECT count(*) FROM conversation`: &conversations, `SELECT count(*) FROM message`: &messages, `SELECT count(*) FROM outbox`: &outbox,
		`SELECT count(*) FROM message WHERE flaw <> ''`: &flawed, `SELECT count(*) FROM message WHERE body LIKE 'Domanda %, città'`: &whole,
		`SELECT count(*) FROM message WHERE parts LIKE '%fattura.pdf%'`: &parts,
	} {
		if err := a.app.record.QueryRowContext(a.Context(), query).Scan(into); err != nil {
			a.Fatal(err)
		}
	}
	return fmt.Sprint(conversations, messages, outbox), fmt.Sprint(flawed, whole, parts)
}

// N5: a parser breaks, a hundred mails come in, the parser is mended: the same conversations say what they ought to have said, nobody
// is notified, nothing is doubled, and the record balances.
func TestN05ReparseMendsWhatABrokenParserLeft(t *testing.T) {
	t.Parallel()
	broken := func(raw []byte, r letter.Reading) *letter.Mail {
		m := letter.Read(raw, r)
		m.Text, m.HTML, m.Files, m.Flaw = "???", "", nil, "not parsed: broken on purpose"
		return m
	}
	for name, record := range map[string]func(testing.TB) string{"sqlite": inboxtest.SQLiteURL, "postgres": inboxtest.PostgresURL} {
		t.Run(name, func(t *testing.T) {
			a := newAuditedWith(t, record(t), options{readMail: broken})
			stop := a.background(a.app.mailboxes["support"].Run)
			for i := range 100 {
				raw := fmt.Sprintf("From: Anna <anna%d@example.test>\r\nTo: <support@sportello.test>\r\nSubject: Ordine %d\r\nMessage-ID: <r%d@example.test>\r\n"+
					"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\nDomanda %d, citt\xe0\r\n--b\r\n"+
					"Content-Type: application/pdf; name=fattura.pdf\r\n\r\n%%PDF-1.4 %d\r\n--b--\r\n", i%50, i, i, i, i)
				if err := a.mail.DeliverAt("anna@example.test", "support@sportello.test", []byte(raw), time.Now().Add(-2*time.Second)); err != nil {
					t.Fatal(err)
				}
			}
			a.await(100)
			stop()
			rows, texts := a.sums()
			if texts != "100 0 0" {
				t.Fatalf("the broken parser left %s", texts)
			}
			a.audit(0)

			if out := a.reparse("--dry-run"); !strings.Contains(out, "100 mails read, 100 would change, 100 of them had flaws") {
				t.Error(out)
			}
			if again, same := a.sums(); again != rows || same != texts {
				t.Errorf("a dry run changed %s %s", again, same)
			}
			if out := a.reparse("--flawed", "--since", time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly)); !strings.Contains(out, "100 mails read, 100 changed, 100 of them had flaws and have none now, 0 left alone, 0 failed") {
				t.Error(out)
			}
			if again, mended := a.sums(); again != rows || mended != "0 100 100" {
				t.Errorf("%s, then %s; %s", rows, again, mended)
			}
			a.relayed(100, "message.corrected")
			a.audit(0)
			if out := a.reparse(); !strings.Contains(out, "100 mails read, 0 changed") {
				t.Error(out)
			}
			a.relayed(0, "")

			if _, err := a.app.record.ExecContext(t.Context(), `UPDATE message SET body = 'forged' WHERE body = 'Domanda 7, città'`); err != nil {
				t.Fatal(err)
			}
			if out := a.audit(1); !strings.Contains(out, "its text") {
				t.Errorf("a row altered after it was mended does not show:\n%s", out)
			}
		})
	}
}

// relayed takes the events that wait to be shown, which must be so many of that type.
func (a *audited) relayed(n int, typ string) {
	a.Helper()
	events, err := a.app.journal.Pending(a.Context(), 1000)
	if err != nil || len(events) != n {
		a.Fatalf("%d events wait, want %d: %v", len(events), n, err)
	}
	for _, e := range events {
		if string(e.Type) != typ {
			a.Errorf("%s is told", e.Type)
		}
	}
	a.await(100)
}

// A mail whose raw form is gone costs only itself, and is named.
func TestN05ReparseNamesWhatItCannotRead(t *testing.T) {
	a := newAudited(t, inboxtest.SQLiteURL(t))
	stop := a.background(a.app.mailboxes["support"].Run)
	a.letter("one@example.test")
	a.letter("two@example.test")
	a.await(2)
	stop()
	if _, err := a.app.record.ExecContext(t.Context(), `UPDATE message SET raw = $1 WHERE seq = (SELECT MIN(seq) FROM message) AND id = (SELECT MIN(id) FROM message)`,
		strings.Repeat("0", 64)); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := (&reparseCmd{}).reparse(context.Background(), &out, a.app); !errors.Is(err, errQuiet) || !strings.Contains(out.String(), "1 mails read, 0 changed") || !strings.Contains(out.String(), "1 failed") {
		t.Errorf("%v\n%s", err, &out)
	}
}
