package sms

import (
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"

	"sportello/channels"
)

// Form says what kind of sender an address is.
type Form string

// The forms of an address (M-07).
const (
	FormNone   Form = ""       // nothing usable
	FormNumber Form = "number" // a telephone number in E.164 form
	FormShort  Form = "short"  // a short code: digits without country code
	FormName   Form = "name"   // an alphanumeric sender, which cannot be answered
	FormOther  Form = "other"  // an address of another channel, such as whatsapp:+39…
)

const (
	shortestCode, longestCode = 3, 8 // digits of a short code; above, digits are a number without its plus sign
	longestName               = 64   // the standard says 11; a longer one is kept, within reason
)

// Normalize reads an address as the provider writes it. Numbers come out in E.164, read by country (ISO 3166) when they have no
// country code; short codes and alphanumeric senders stay as they are. An address of another channel keeps its prefix, so that it
// is never taken for the same sender as the bare number. Normalizing twice changes nothing.
func Normalize(raw, country string) (channels.Address, Form) {
	s := strings.TrimSpace(clean(raw))
	switch {
	case s == "" || len(s) > 4*longestName:
		return channels.Address{}, FormNone
	case otherChannel(s) != "":
		prefix, rest, _ := strings.Cut(s, ":")
		return address(strings.ToLower(prefix) + ":" + strings.TrimSpace(rest)), FormOther
	case !looksDialled(s):
		if len([]rune(s)) > longestName {
			return channels.Address{}, FormNone
		}
		return address(s), FormName
	}
	digits := onlyDigits(s)
	if digits == "" {
		return channels.Address{}, FormNone
	}
	if !strings.HasPrefix(s, "+") && len(digits) <= longestCode {
		if n := e164(s, country); n != "" && len(digits) > 6 {
			return address(n), FormNumber
		}
		if len(digits) < shortestCode {
			return channels.Address{}, FormNone
		}
		return address(digits), FormShort
	}
	if n := e164(s, country); n != "" {
		return address(n), FormNumber
	}
	// Number plans grow faster than our tables: what the provider delivered from is a number even when we do not know its range.
	if strings.HasPrefix(s, "+") && len(digits) >= 7 && len(digits) <= 15 && digits[0] != '0' {
		return address("+" + digits), FormNumber
	}
	return channels.Address{}, FormNone
}

func address(value string) channels.Address {
	return channels.Address{Kind: channels.SMS, Value: value}
}

// e164 returns the E.164 form of a number that is valid in its region, else "".
func e164(s, country string) string {
	n, err := phonenumbers.Parse(s, country)
	if err != nil || !phonenumbers.IsValidNumber(n) {
		return ""
	}
	return phonenumbers.Format(n, phonenumbers.E164)
}

// otherChannel returns the channel that prefixes an address, such as "whatsapp", or "".
func otherChannel(s string) string {
	prefix, rest, found := strings.Cut(s, ":")
	if !found || rest == "" {
		return ""
	}
	switch p := strings.ToLower(prefix); p {
	case "whatsapp", "messenger", "rcs", "client", "sim", "viber", "line", "sip":
		return p
	}
	return ""
}

// looksDialled reports whether s is made of what people dial and print between digits.
func looksDialled(s string) bool {
	for i, r := range s {
		if r >= '0' && r <= '9' || strings.ContainsRune(" .-()/\u00a0", r) || r == '+' && i == 0 {
			continue
		}
		return false
	}
	return true
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// clean makes text storable: valid UTF-8, LF line ends, no NUL and no other control character save tab.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return '\n'
		case r != '\n' && r != '\t' && unicode.IsControl(r):
			return -1
		}
		return r
	}, s)
}
