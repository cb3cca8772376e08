package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"sportello/channels/pause"
	"sportello/inbox/db"
)

// The mailboxes of the gateways that are measured: mails of one are not the other's.
const (
	freshMailbox = "support@sportello.test"
	grownMailbox = "grown@sportello.test"
)

// mailRow delivers mails into the mailbox that the gateway reads and measures how they come into the record. They are put into the
// Maildir at one stroke, which is how a delivery agent ends, so that only taking them in is measured.
func (b *bench) mailRow(ctx context.Context, d *dovecot, mailbox string) error {
	b.say(b.prefix + "mail")
	record, err := db.Open(ctx, b.record)
	if err != nil {
		return err
	}
	defer record.Close() //nolint:errcheck // it is only read
	if err := d.deliver(mailbox, b.opt.Mails); err != nil {
		return err
	}
	look, err := b.profile(ctx, "mail")
	if err != nil {
		return err
	}
	stop := look.begin(ctx)
	defer stop()
	before, err := b.processors()
	if err != nil {
		return err
	}
	perSecond, err := b.mailsTaken(ctx, record)
	if err != nil {
		return err
	}
	after, err := b.processors()
	if err != nil {
		return err
	}
	why, err := look.end(ctx, int64(b.opt.Mails))
	if err != nil {
		return err
	}
	cpu := map[string]float64{}
	for name := range after {
		cpu[name] = (after[name] - before[name]).Seconds() * 1000 / float64(b.opt.Mails)
	}
	b.report.add(row{
		Name: b.prefix + "mail, Dovecot → record", PerSecond: perSecond, CPU: cpu, Why: why,
		Bars: []bar{atLeast("mails/s", perSecond, 400), atMost("CPU ms", parts(cpu), 2)},
	})
	return nil
}

// mailsTaken waits until every mail is in the record and returns how many a second came, beginning with the first that was seen there.
func (b *bench) mailsTaken(ctx context.Context, record *db.DB) (perSecond float64, err error) {
	var first time.Time
	firstN, n, last := 0, 0, time.Now()
	for n < b.opt.Mails {
		pause.For(ctx, 50*time.Millisecond)
		was := n
		// By the mails' ids: counting messages would take longer than taking them.
		if err := record.QueryRowContext(ctx, `SELECT count(*) FROM mail_ref WHERE ref >= 'load' AND ref < 'loae'`).Scan(&n); err != nil {
			return 0, err
		}
		now := time.Now()
		switch {
		case n == was && now.Sub(last) > 30*time.Second:
			return 0, fmt.Errorf("%d of %d mails arrived, and then none for 30 s", n, b.opt.Mails)
		case n == was:
			continue
		case first.IsZero():
			first, firstN = now, n
		}
		last = now
	}
	return float64(n-firstN) / max(last.Sub(first).Seconds(), .001), nil
}

// deliver puts n small mails, of half as many senders, into a mailbox.
func (d *dovecot) deliver(mailbox string, n int) error {
	box := filepath.Join(d.mail, mailbox)
	for _, dir := range []string{box, filepath.Join(box, "cur"), filepath.Join(box, "new"), filepath.Join(box, "tmp")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		if err := os.Chown(dir, d.uid, d.gid); err != nil {
			return err
		}
	}
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%d.M%06dP1.load", time.Now().Unix(), i)
		mail := fmt.Sprintf("From: Cliente %[1]d <cliente%[1]d@clienti.test>\r\nTo: %[2]s\r\nSubject: Ordine %[3]d\r\nDate: %[4]s\r\n"+
			"Message-ID: <load%[3]d@clienti.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%[5]s\r\n",
			i/2, mailbox, i, time.Now().Format(time.RFC1123Z), body)
		file := filepath.Join(box, "tmp", names[i])
		if err := os.WriteFile(file, []byte(mail), 0o600); err != nil {
			return err
		}
		if err := os.Chown(file, d.uid, d.gid); err != nil {
			return err
		}
	}
	for _, name := range names {
		if err := os.Rename(filepath.Join(box, "tmp", name), filepath.Join(box, "new", name)); err != nil {
			return err
		}
	}
	return nil
}
