package sms

import (
	"strconv"
	"strings"
	"time"

	"sportello/channels"
)

// FaultFor says what to do about one of Twilio's error codes, be it the answer of the REST API or the ErrorCode of a delivery
// report (M-14; with a Messaging Service an opt-out comes only as the latter, M-15). detail is the provider's wording. A code that
// is not in the table is temporary. Pure.
//
// Code opted_out asks for a withdrawal of consent towards this sender of ours; Suppress says that the number itself cannot be
// written to by SMS.
func FaultFor(code int, detail string) *channels.Fault {
	f := &channels.Fault{Class: channels.Temporary, Code: channels.CodeProvider}
	if row, ok := actionFor(code); ok {
		*f = row
	}
	if code != 0 {
		f.Provider = strconv.Itoa(code)
	}
	f.Detail = oneLine(detail)
	return f
}

// actionFor is the table of https://www.twilio.com/docs/api/errors as far as sending texts meets it.
func actionFor(code int) (channels.Fault, bool) {
	switch code {
	case 21610: // the recipient has opted out
		return never(channels.CodeOptedOut), true
	case 21211, 21217, 21401, 21421: // not a phone number
		return suppress(channels.CodeBadAddress), true
	case 21614, 21635, 30006: // not a mobile number; a landline; a carrier that takes no SMS
		return suppress(channels.CodeNotCapable), true
	case 30005: // unknown, or switched off for good
		return suppress(channels.CodeBadAddress), true
	case 63024: // invalid recipient on the other channel
		return suppress(channels.CodeBadAddress), true
	case 21612: // no route from this sender to this recipient
		return never(channels.CodeNotCapable), true
	case 63016: // outside WhatsApp's 24-hour window
		return never(channels.CodeNotCapable), true
	case 21617, 30019: // over 1600 characters; carrier's size limit
		return never(channels.CodeTooLarge), true
	case 21602, 21619, 21620, 21623: // empty body; bad media
		return never(channels.CodeContent), true
	case 21408, 21212, 21603, 21606, 21659, 21660, 21661, 21703, 21704, 21705, 21609, 21909, 30010, 30032, 30034, 63007:
		// region not enabled, sender not ours or not able, service without senders, callback URL refused, price limit, unregistered
		return never(channels.CodeConfig), true
	case 30004, 30007: // blocked; filtered by the carrier
		return never(channels.CodeBlocked), true
	case 30002, 20005: // our account is suspended: an administrator's matter, after which the message can go
		return later(channels.CodeAuth, 30*time.Minute), true
	case 20003: // our credentials are refused
		return later(channels.CodeAuth, 5*time.Minute), true
	case 20404: // the account itself is not found
		return never(channels.CodeConfig), true
	case 20429, 30001, 21611, 30022, 63018: // too fast, or a full queue
		return later(channels.CodeThrottled, time.Minute), true
	case 30003: // handset off or out of reach: 15 minutes, then the dispatcher's longer steps
		return later(channels.CodeUnreachable, 15*time.Minute), true
	case 30008: // unknown: worth one more try
		return later(channels.CodeProvider, 5*time.Minute), true
	case 30009, 30017, 30410: // a part lost, congestion, carrier time-out
		return later(channels.CodeProvider, time.Minute), true
	}
	return channels.Fault{}, false
}

func never(code string) channels.Fault {
	return channels.Fault{Class: channels.Permanent, Code: code}
}

func suppress(code string) channels.Fault {
	return channels.Fault{Class: channels.Permanent, Code: code, Suppress: true}
}

func later(code string, after time.Duration) channels.Fault {
	return channels.Fault{Class: channels.Temporary, Code: code, RetryAfter: after}
}

// oneLine returns s on one line of at most 300 bytes.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(clean(s)), " ")
	if len(s) > 300 {
		s = strings.ToValidUTF8(s[:300], "") + "…"
	}
	return s
}
