package email

import (
	"errors"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"sportello/channels"
	"sportello/channels/email/field"
)

// sendingStale is how long trouble with sending is told of without being met again. Mail that waits is tried more often than that.
const sendingStale = 5 * time.Hour

// state is what is known of an account's two sides. What it does for a person is told as one: it is well if both are.
type state struct {
	mu      sync.Mutex
	reading channels.Health // as last reported
	trouble string          // code of what keeps the SMTP server from being used, "" if nothing does
	detail  string
	met     time.Time
}

// read notes how reading does, and returns how the account does.
func (s *state) read(h channels.Health) channels.Health {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reading = h
	return s.both(h.At)
}

// sent notes that the SMTP server was reached, or why not. changed says that the account's health has changed, to h.
func (s *state) sent(err error, account channels.AccountID, now time.Time) (h channels.Health, changed bool) {
	code, detail := "", ""
	if err != nil {
		code, detail = sendingCode(err), field.Clip(field.OneLine(err.Error()), 500)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if changed = s.trouble != code; code == "" && !changed {
		return h, false
	}
	s.trouble, s.detail, s.met = code, detail, now
	if s.reading.Account == "" { // nothing is read here
		s.reading = channels.Health{Account: account, Kind: channels.Email, OK: true, Code: codeOK, Lag: -1}
	}
	return s.both(now), changed
}

// both puts the two sides together. mu is held.
func (s *state) both(now time.Time) channels.Health {
	h := s.reading
	h.At = now
	if h.OK && s.trouble != "" && now.Sub(s.met) < sendingStale {
		h.OK, h.Code, h.Detail, h.Sending = false, s.trouble, s.detail, true
	}
	return h
}

// reached tells how the SMTP server's door was: err is of connecting, encrypting and signing in.
func (a *Adapter) reached(err error) {
	if h, changed := a.state.sent(err, a.cfg.Account, a.deps.Now()); changed {
		a.deps.Health(h)
	}
}

// sendingCode names why the SMTP server cannot be used.
func sendingCode(err error) string {
	var fault *channels.Fault
	if errors.As(err, &fault) && fault.Code == channels.CodeAuth {
		return codeAuth
	}
	var reply *smtp.SMTPError
	switch {
	case errors.As(err, &reply) && reply.Code == 421:
		return codeThrottled
	case errors.As(err, &reply):
		return codeProtocol
	case isTLS(err):
		return codeTLS
	}
	return codeNetwork
}

// doorFault is the fault of a mail that has not got as far as its sender's name: whatever the server said, it did not speak of this mail.
func doorFault(err error) *channels.Fault {
	f := smtpFault(err, false)
	if f.Class == channels.Permanent {
		f.Class, f.Code, f.Suppress = channels.Temporary, channels.CodeConfig, false
	}
	return f
}
