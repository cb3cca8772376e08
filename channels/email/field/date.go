package field

import (
	"strconv"
	"strings"
	"time"
)

// zones are the names that RFC 5322 section 4.3 and the mail programs of Europe use. A name that is not among them is UTC.
var zones = map[string]int{
	"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7, "cet": 1, "cest": 2, "met": 1, "mest": 2,
	"eet": 2, "eest": 3, "wet": 0, "west": 1, "bst": 1, "msk": 3, "jst": 9, "hkt": 8, "sgt": 8, "aest": 10, "aedt": 11,
}

// Date reads a Date field in UTC (RFC 5322 sections 3.3 and 4.3), also with a comment, without the day of the week or the seconds,
// with a year of two digits, as asctime writes it, and as ISO 8601. It is zero when it cannot be read or no mail can be of that year.
func Date(value string) time.Time {
	value = strings.TrimSpace(stripComment(value))
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, value); err == nil {
			return plausible(t)
		}
	}
	words := strings.FieldsFunc(value, func(r rune) bool { return r == ' ' || r == '\t' || r == ',' })
	d := dateWords{}
	for _, w := range words {
		d.take(w)
	}
	if d.day == 0 || d.month == 0 || !d.dated || !d.clock {
		return time.Time{}
	}
	t := time.Date(d.year, d.month, d.day, d.hour, d.minute, d.second, 0, time.FixedZone("", d.zone))
	if t.Day() != d.day {
		return time.Time{}
	}
	return plausible(t)
}

func plausible(t time.Time) time.Time {
	if t.Year() < 1980 || t.Year() > 9999 {
		return time.Time{}
	}
	return t.UTC()
}

// stripComment removes what stands in parentheses.
func stripComment(s string) string {
	if !strings.Contains(s, "(") {
		return s
	}
	var out strings.Builder
	depth := 0
	for _, r := range s {
		switch {
		case r == '(':
			depth++
		case r == ')' && depth > 0:
			depth--
		case depth == 0:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// dateWords is a date as far as it has been read.
type dateWords struct {
	day, year, hour, minute, second, zone int
	month                                 time.Month
	clock, dated                          bool
}

func (d *dateWords) take(w string) {
	low := strings.ToLower(strings.Trim(w, "."))
	switch {
	case low == "":
	case d.dated && !d.clock && strings.Count(w, ".") == 2: // 10.15.33
		d.takeClock(strings.ReplaceAll(w, ".", ":"))
	case !d.clock && strings.Contains(w, ":"):
		d.takeClock(w)
	case d.clock && (w[0] == '+' || w[0] == '-') && len(w) >= 3:
		d.takeZone(w)
	case low == "pm" && d.clock && d.hour < 12:
		d.hour += 12
	case low == "am" && d.clock && d.hour == 12:
		d.hour = 0
	case d.month == 0 && monthOf(low) > 0:
		d.month = monthOf(low)
	case strings.Count(w, "-") == 2 && d.day == 0: // 2-Nov-2026
		for part := range strings.SplitSeq(w, "-") {
			d.take(part)
		}
	case w[0] >= '0' && w[0] <= '9':
		n, err := strconv.Atoi(low)
		switch {
		case err != nil || n > 9999:
		case d.day == 0 && n <= 31 && len(w) <= 2:
			d.day = n
		case !d.dated:
			d.dated, d.year = true, fullYear(n, len(w))
		}
	case len(w) > 4 && (strings.HasPrefix(low, "gmt") || strings.HasPrefix(low, "utc")) && d.clock:
		d.take(w[3:])
	default:
		if hours, ok := zones[low]; ok && d.clock {
			d.zone = hours * 3600
		}
	}
}

// fullYear completes a year of two or three digits (RFC 5322 section 4.3).
func fullYear(n, digits int) int {
	switch {
	case digits <= 2 && n < 50:
		return 2000 + n
	case digits <= 3:
		return 1900 + n
	}
	return n
}

func (d *dateWords) takeClock(w string) {
	if i := strings.IndexAny(w, "+-"); i > 0 { // the blank before the zone is missing
		defer func() {
			if d.clock {
				d.takeZone(w[i:])
			}
		}()
		d.takeClock(w[:i])
		return
	}
	parts := strings.Split(w, ":")
	var n [3]int
	if len(parts) > 3 || d.clock {
		return
	}
	for i, p := range parts {
		p, _, _ = strings.Cut(p, ".")
		v, err := strconv.Atoi(p)
		if err != nil || v < 0 || v > 60 {
			return
		}
		n[i] = v
	}
	if n[0] > 23 {
		return
	}
	d.hour, d.minute, d.second, d.clock = n[0], n[1], min(n[2], 59), true
}

func (d *dateWords) takeZone(w string) {
	digits := strings.Replace(w[1:], ":", "", 1)
	n, err := strconv.Atoi(digits)
	if err != nil || n < 0 || n > 2400 {
		return
	}
	if len(digits) <= 2 {
		n *= 100
	}
	d.zone = (n/100)*3600 + (n%100)*60
	if w[0] == '-' {
		d.zone = -d.zone
	}
}

func monthOf(w string) time.Month {
	if len(w) < 3 {
		return 0
	}
	at := strings.Index("janfebmaraprmayjunjulaugsepoctnovdec", w[:3])
	if at < 0 || at%3 != 0 {
		return 0
	}
	return time.Month(at/3 + 1)
}
