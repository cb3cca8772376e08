package email

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sportello/channels"
	"sportello/channels/email/letter"
	"sportello/channels/email/verp"
)

// E-31: what becomes of the delivery reports among the mails that the reader is tried on.
func TestE31ReceiptsOfReports(t *testing.T) {
	for name, want := range map[string]string{
		"bounce-postfix": "failed permanent bad_address (5.1.1): 550 5.1.1 <nobody@example.test>: Recipient address rejected: User unknown; " +
			"failed permanent mailbox_full (5.2.2); delivered <nil>",
		"bounce-headers-only": "failed permanent bad_address (5.1.1): 550 5.1.1 <nobody@example.test>: Recipient address rejected: User unknown; " +
			"failed permanent mailbox_full (5.2.2); delivered <nil>",
		"bounce-untyped-part":     "failed permanent bad_address (5.1.1): 550 5.1.1 unknown",
		"bounce-without-original": "",
	} {
		raw, err := os.ReadFile(filepath.Join("letter", "testdata", "mail", name+".eml"))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		said := letter.Read(raw, letter.Reading{}).Report
		for _, f := range said.Recipients {
			if r, ok := receiptOf(said.Original, f); ok {
				got = append(got, fmt.Sprintf("%s %v", r.State, r.Fault))
			}
		}
		if s := strings.Join(got, "; "); s != want {
			t.Errorf("%s: %q, want %q", name, s, want)
		}
	}
}

// E-31: a bounce that names nobody speaks of the mail whose own address it came to. E-34: a receipt says that its sender has seen the mail.
func TestE31E34NewsOfAMail(t *testing.T) {
	const id, ours = "0198c1f2-7b3a-7c11-8d22-0123456789ab", "bounces@sportello.test"
	key := []byte("key")
	back := "Delivered-To: " + strings.ToUpper(verp.Sender(ours, key, id)) + "\r\nReturn-Path: <>\r\nFrom: MAILER-DAEMON@mx.test\r\nSubject: "
	mdn := "From: %s\r\nTo: support@sportello.test\r\nSubject: Read\r\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n" +
		"--b\r\nContent-Type: text/plain\r\n\r\nread\r\n--b\r\nContent-Type: message/disposition-notification\r\n\r\n" +
		"Final-Recipient: rfc822; anna@example.test\r\nOriginal-Message-ID: <" + id + "@sportello.test>\r\nDisposition: manual-action/MDN-sent-manually; %s\r\n--b--\r\n"
	forged := &channels.Trust{DMARC: "fail"}
	for name, c := range map[string]struct {
		raw   string
		trust *channels.Trust
		want  string
	}{
		"failed":             {back + "Undelivered mail\r\n\r\nYour message could not be delivered.\r\n", nil, "failed  "},
		"delayed":            {back + "Warning: message delayed\r\n\r\nYour message has not been delivered yet. We will keep trying.\r\n", nil, ""},
		"of no mail of ours": {strings.Replace(back, "BOUNCES", "X", 1) + "Undelivered mail\r\n\r\nfailed\r\n", nil, ""},
		"shown":              {fmt.Sprintf(mdn, "Anna <anna@example.test>", "displayed"), nil, "read  anna@example.test"},
		"deleted":            {fmt.Sprintf(mdn, "anna@example.test", "deleted"), nil, ""},
		"forged":             {fmt.Sprintf(mdn, "anna@example.test", "displayed"), forged, ""},
		"of two":             {fmt.Sprintf(mdn, "anna@example.test, eve@x.test", "displayed"), nil, ""},
		"out of office":      {strings.Replace(back, "MAILER-DAEMON", "anna", 1) + "Out of office\r\nAuto-Submitted: auto-replied\r\n\r\nI am away.\r\n", nil, ""},
	} {
		r := newRig()
		a := New(Config{Account: "mail1", Address: support, Bounces: ours, Key: key, SMTP: Server{Host: "x", Port: 1}}, r.deps())
		m := letter.Read([]byte(c.raw), letter.Reading{Own: []string{support}})
		m.Details.Trust = c.trust
		if err := a.settle(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, one := range r.sink.Receipts() {
			if one.MessageID != id+"@sportello.test" {
				t.Errorf("%s: of %q", name, one.MessageID)
			}
			got = append(got, fmt.Sprintf("%s  %s", one.State, one.Recipient))
		}
		if s := strings.Join(got, "; "); s != c.want {
			t.Errorf("%s: %q, want %q (auto %q, %+v)", name, s, c.want, m.Auto, m.Report)
		}
	}
}
