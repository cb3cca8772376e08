package email

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"sync"

	"github.com/emersion/go-imap/v2"
)

// farewell knows a server's last words. The IMAP library tells of a BYE (RFC 3501 section 7.1.5) as of any other end of the connection;
// what it says decides how soon to come back (E-13). It keeps the end of what passes on a connection, of both sides, and shows nothing of
// it but a BYE. It is an imapclient.Options.DebugWriter.
type farewell struct {
	mu  sync.Mutex
	end []byte
}

const farewellKept = 1 << 10

// Write implements io.Writer.
func (f *farewell) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if over := len(f.end) + min(len(p), farewellKept) - farewellKept; over > 0 {
		f.end = f.end[:copy(f.end, f.end[over:])]
	}
	f.end = append(f.end, p[max(0, len(p)-farewellKept):]...)
	return len(p), nil
}

var bye = regexp.MustCompile(`(?i)^\* BYE(?: \[([A-Z-]+)[^\]]*\])?(?: (.*))?$`)

// said is the server's last BYE, nil when there was none.
func (f *farewell) said() *imap.Error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var last *imap.Error
	for line := range bytes.SplitSeq(f.end, []byte("\r\n")) {
		if m := bye.FindSubmatch(line); m != nil {
			last = &imap.Error{Type: imap.StatusResponseTypeBye, Code: imap.ResponseCode(bytes.ToUpper(m[1])), Text: string(m[2])}
		}
	}
	return last
}

// parting is err with the server's last words, if it was the end of the connection and there were some.
func (c *conn) parting(err error) error {
	if err == nil || errors.As(err, new(*imap.Error)) || errors.As(err, new(storeError)) || !brokenConnection(err) {
		return err
	}
	if said := c.farewell.said(); said != nil {
		return fmt.Errorf("%w: %w", said, err)
	}
	return err
}
