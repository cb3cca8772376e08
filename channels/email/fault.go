package email

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/emersion/go-smtp"

	"sportello/channels"
	"sportello/channels/email/field"
)

// statusFault maps an SMTP reply and its enhanced status code (RFC 3463) to a Fault. reply is the three-digit code, or 0 in a
// delivery report; enhanced may be "". Suppress is set only where the code says that the recipient's address is of no use: 5.1.x save
// 5.1.7 and 5.1.8, which speak of the sender's; a mailbox that is disabled (5.2.1); a host that refuses the recipient or cannot be routed
// to (5.4.1, 5.4.4). Other codes of class 5 speak of the message or of us.
func statusFault(reply int, enhanced, detail string) *channels.Fault {
	f := &channels.Fault{
		Class:    channels.Permanent,
		Code:     statusCodeOf(reply, enhanced, strings.ToLower(detail)),
		Provider: strings.TrimSpace(replyText(reply) + " " + enhanced),
		Detail:   field.Clip(field.OneLine(detail), 500),
	}
	if reply/100 == 4 || reply == 0 && strings.HasPrefix(enhanced, "4.") || f.Code == channels.CodeThrottled {
		f.Class = channels.Temporary // what is too much for today (550 5.4.5 at Google) is not too much tomorrow
	}
	dead := f.Code == channels.CodeBadAddress && strings.HasPrefix(enhanced, "5.1.") || slices.Contains([]string{"5.2.1", "5.4.1", "5.4.4"}, enhanced)
	f.Suppress = f.Class == channels.Permanent && dead
	return f
}

func replyText(reply int) string {
	if reply == 0 {
		return ""
	}
	return strconv.Itoa(reply)
}

func statusCodeOf(reply int, enhanced, detail string) string {
	_, detailCode, _ := strings.Cut(enhanced, ".") // "5.1.1" -> "1.1"
	switch {
	case detailCode == "1.7" || detailCode == "1.8":
		return channels.CodeConfig
	case strings.HasPrefix(detailCode, "1."):
		return channels.CodeBadAddress
	case detailCode == "2.1":
		return channels.CodeUnreachable
	case detailCode == "2.2":
		return channels.CodeMailboxFull
	case detailCode == "2.3" || detailCode == "3.4":
		return channels.CodeTooLarge
	case detailCode == "4.5" || detailCode == "3.2":
		return channels.CodeThrottled
	case detailCode == "7.8" || detailCode == "7.9" || reply == 535 || reply == 534 || reply == 530:
		return channels.CodeAuth
	case strings.HasPrefix(detailCode, "7."):
		return channels.CodeBlocked
	case strings.HasPrefix(detailCode, "6."):
		return channels.CodeContent
	case strings.HasPrefix(detailCode, "4."):
		return channels.CodeUnreachable
	case reply == 552:
		return channels.CodeTooLarge
	case reply == 452:
		return channels.CodeMailboxFull
	case reply == 421:
		return channels.CodeThrottled
	case (reply == 550 || reply == 551 || reply == 553) && unknownUser(detail):
		return channels.CodeBadAddress
	case reply == 550 || reply == 554:
		return channels.CodeBlocked
	}
	return channels.CodeProvider
}

func unknownUser(detail string) bool {
	for _, words := range []string{"user unknown", "unknown user", "no such user", "mailbox not found", "does not exist", "unknown recipient"} {
		if strings.Contains(detail, words) {
			return true
		}
	}
	return false
}

// smtpFault turns any error of a sending attempt into a Fault. after says that the body had been handed over with its final dot, so
// that anything but a reply of the server leaves the outcome open (RFC 1047).
func smtpFault(err error, after bool) *channels.Fault {
	var f *channels.Fault
	if errors.As(err, &f) {
		return f
	}
	var reply *smtp.SMTPError
	if errors.As(err, &reply) {
		enhanced := ""
		if c := reply.EnhancedCode; c[0] > 0 {
			enhanced = fmt.Sprintf("%d.%d.%d", c[0], c[1], c[2])
		}
		return statusFault(reply.Code, enhanced, reply.Message)
	}
	f = &channels.Fault{Class: channels.Temporary, Code: networkCode(err), Detail: field.Clip(field.OneLine(err.Error()), 500)}
	if after {
		f.Class = channels.Uncertain
	}
	return f
}

// networkCode names an error of the connection by a Fault code.
func networkCode(err error) string {
	var timeout net.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return channels.CodeTimeout
	case isTLS(err):
		return channels.CodeConfig
	}
	return channels.CodeNetwork
}

// errNoTLS is a server that refuses to encrypt.
var errNoTLS = errors.New("server does not encrypt")

// isTLS reports whether a connection failed because its encryption could not be set up or trusted.
func isTLS(err error) bool {
	var verify *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	return errors.As(err, &verify) || errors.As(err, &authority) || errors.As(err, &name) || errors.As(err, &invalid) ||
		errors.As(err, &record) || errors.As(err, &alert) || errors.Is(err, errNoTLS) ||
		strings.Contains(err.Error(), "doesn't support STARTTLS") || strings.Contains(err.Error(), "x509: ") ||
		strings.Contains(err.Error(), "tls: ") && !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, context.DeadlineExceeded) // an alert of the other side
}
