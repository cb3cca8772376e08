package receive_test

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"sportello/channels/email/receive"
)

// FuzzListener plays whole sessions. Whatever a client says, the session ends, nothing is taken without a DATA or BDAT that was asked
// for, and nothing for anybody but our own.
func FuzzListener(f *testing.F) {
	for _, seed := range []string{
		"EHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<support@sportello.test>\r\nDATA\r\nSubject: x\r\n\r\nx\r\n.\r\nQUIT\r\n",
		"EHLO x\r\nMAIL FROM:<> SIZE=10\r\nRCPT TO:<sales+t@sportello.test>\r\nBDAT 4\r\nabcdBDAT 0 LAST\r\nRSET\r\nNOOP\r\n",
		"HELO x\r\nDATA\r\n.\r\nMAIL FROM:<a@b.test>\r\nDATA\r\n.\r\n",
		"EHLO x\r\nRCPT TO:<support@sportello.test>\r\nMAIL FROM:a@b.test\r\nVRFY x\r\nAUTH PLAIN =\r\nSTARTTLS\r\n",
		"EHLO x\r\nMAIL FROM:<a@b.test> SMTPUTF8\r\nRCPT TO:<\xc3\xa8@shop.test>\r\nDATA\r\n\x00\n.\n\r\n.\r\n",
		"\x16\x03\x01\x00\xff", "EHLO x\r\nBDAT -1 LAST\r\nBDAT 99999999999999999999\r\n", "",
	} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	r := start(f, receive.SMTP, nil)
	l := start(f, receive.LMTP, nil)
	f.Fuzz(func(t *testing.T, session []byte, lmtp bool) {
		at := r
		if lmtp {
			at = l
			session = bytes.Replace(session, []byte("EHLO"), []byte("LHLO"), 1)
		}
		before := at.support.Calls() + at.sales.Calls()
		c, err := net.DialTCP("tcp", nil, at.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(patience))
		go func() {
			c.Write(session)
			c.CloseWrite()
		}()
		said, err := io.ReadAll(c)
		if err, ok := err.(net.Error); ok && err.Timeout() {
			t.Fatalf("the session does not end: %q said %q", session, said)
		}
		taken := at.support.Calls() + at.sales.Calls() - before
		asked := bytes.Count(bytes.ToUpper(session), []byte("DATA")) + bytes.Count(bytes.ToUpper(session), []byte("BDAT"))
		if taken > 2*asked {
			t.Errorf("%d mails taken, %d asked for: %q said %q", taken, asked, session, said)
		}
		if taken > 0 && !bytes.Contains(bytes.ToLower(session), []byte("@sportello.test")) && !bytes.Contains(bytes.ToLower(session), []byte("@shop.test")) {
			t.Errorf("taken for nobody of ours: %q", session)
		}
	})
}
