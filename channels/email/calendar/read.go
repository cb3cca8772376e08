package calendar

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"sportello/channels"
	"sportello/channels/email/field"
)

const (
	eventsMost    = 50  // events of one part
	attendeesMost = 500 // of one event
)

// Read returns the events of a calendar in order. method is the one that the part's Content-Type states, for a calendar that states
// none itself.
func Read(text, method string) []channels.Appointment {
	all := lines(text)
	zones := readZones(all)
	placed(all)
	var events []channels.Appointment
	stated := ""
	for i := 0; i < len(all); i++ {
		l := all[i]
		switch {
		case l.name == "METHOD" && stated == "":
			stated = strings.ToUpper(l.value)
		case l.name == "BEGIN" && (strings.EqualFold(l.value, "VEVENT") || strings.EqualFold(l.value, "VTODO")):
			end := blockEnd(all, i)
			if len(events) < eventsMost {
				events = append(events, readEvent(all[i+1:end], zones))
			}
			i = end
		}
	}
	if stated == "" {
		stated = strings.ToUpper(method)
	}
	if stated == "" {
		stated = "PUBLISH"
	}
	for i := range events {
		if events[i].Method == "" { // else the event says that it is cancelled
			events[i].Method = field.Clip(field.OneLine(stated), 40)
		}
	}
	return events
}

// placed gives times without a zone the one that the calendar as a whole names, as Google's do.
func placed(all []line) {
	name := ""
	for _, l := range all {
		switch l.name {
		case "X-WR-TIMEZONE":
			if name == "" {
				name = l.value
			}
		case "DTSTART", "DTEND", "DUE":
			if name != "" && l.params["TZID"] == "" {
				l.params["TZID"] = name
			}
		}
	}
}

// blockEnd returns where the block that begins at i ends, or the end of all.
func blockEnd(all []line, i int) int {
	depth := 0
	for j := i; j < len(all); j++ {
		switch all[j].name {
		case "BEGIN":
			depth++
		case "END":
			if depth--; depth == 0 {
				return j
			}
		}
	}
	return len(all)
}

func readEvent(all []line, zones map[string]*zone) channels.Appointment {
	var a channels.Appointment
	var lasts time.Duration
	depth := 0
	for _, l := range all {
		switch { // an alarm within the event has fields of the same names
		case l.name == "BEGIN":
			depth++
		case l.name == "END":
			depth--
		}
		if depth > 0 {
			continue
		}
		switch l.name {
		case "UID":
			a.UID = shown(l.value, 500)
		case "SEQUENCE":
			a.Sequence, _ = strconv.Atoi(l.value)
		case "SUMMARY":
			a.Summary = shown(l.value, 500)
		case "LOCATION":
			a.Location = shown(l.value, 500)
		case "DTSTART":
			a.Starts, a.AllDay, a.Zone = readTime(l, zones)
		case "DTEND", "DUE":
			a.Ends, _, _ = readTime(l, zones)
		case "DURATION":
			lasts = duration(l.value)
		case "RRULE":
			a.Repeats = field.Clip(field.OneLine(l.value), 500)
		case "STATUS":
			if strings.EqualFold(l.value, "CANCELLED") {
				a.Method = "CANCEL"
			}
		case "ORGANIZER":
			if who := person(l); !who.IsZero() {
				a.Organizer = &who
			}
		case "ATTENDEE":
			if who := person(l); !who.IsZero() && len(a.Attendees) < attendeesMost {
				a.Attendees = append(a.Attendees, channels.Attendee{Address: who, Status: partstat(l.params["PARTSTAT"])})
			}
		}
	}
	if a.Ends.IsZero() && lasts > 0 && !a.Starts.IsZero() {
		a.Ends = a.Starts.Add(lasts)
	}
	return a
}

// partstat is an attendee's answer; without one none is given yet (RFC 5545 section 3.2.12).
func partstat(s string) string {
	if s = strings.ToUpper(field.OneLine(s)); s != "" {
		return field.Clip(s, 40)
	}
	return "NEEDS-ACTION"
}

func shown(value string, most int) string { return field.Clip(field.OneLine(plain(value)), most) }

// person reads a calendar address (RFC 5545 section 3.3.3). Exchange writes people without mail addresses as other URIs.
func person(l line) channels.Address {
	addr := l.value
	if len(addr) >= 7 && strings.EqualFold(addr[:7], "mailto:") {
		addr = addr[7:]
	}
	value, ok := field.Normal(addr)
	if !ok {
		if value, ok = field.Normal(strings.TrimPrefix(strings.ToLower(l.params["EMAIL"]), "mailto:")); !ok {
			return channels.Address{}
		}
	}
	return channels.Address{Kind: channels.Email, Value: value, Name: shown(l.params["CN"], 200)}
}

// readTime reads a date or a date and time (RFC 5545 sections 3.3.4 and 3.3.5).
func readTime(l line, zones map[string]*zone) (at time.Time, allDay bool, name string) {
	v := strings.TrimSpace(l.value)
	if day, err := time.Parse("20060102", v); err == nil {
		return sane(day), true, ""
	}
	if t, err := time.Parse("20060102T150405Z", v); err == nil {
		return sane(t), false, "UTC"
	}
	if t, err := time.Parse("20060102T150405-0700", v); err == nil {
		return sane(t.UTC()), false, ""
	}
	local, err := time.Parse("20060102T150405", v)
	if err != nil {
		if local, err = time.Parse("20060102T1504", v); err != nil {
			return time.Time{}, false, ""
		}
	}
	name = field.Clip(field.OneLine(l.params["TZID"]), 100)
	if z := zones[l.params["TZID"]]; z != nil {
		if loc := locationOf(name); loc == nil {
			return sane(local.Add(-z.offset(local)).UTC()), false, name
		}
	}
	if loc := locationOf(name); loc != nil {
		return sane(time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), local.Second(), 0, loc).UTC()), false, name
	}
	return sane(local), false, name
}

// sane drops times that cannot be stored or shown.
func sane(t time.Time) time.Time {
	if t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}

var durationPart = regexp.MustCompile(`(\d{1,6})([WDHMS])`)

// duration reads a positive duration (RFC 5545 section 3.3.6).
func duration(s string) time.Duration {
	if !strings.HasPrefix(strings.TrimPrefix(s, "+"), "P") {
		return 0
	}
	units := map[string]time.Duration{"W": 7 * 24 * time.Hour, "D": 24 * time.Hour, "H": time.Hour, "M": time.Minute, "S": time.Second}
	var sum time.Duration
	for _, m := range durationPart.FindAllStringSubmatch(s, 10) {
		n, _ := strconv.Atoi(m[1])
		sum += time.Duration(n) * units[m[2]]
	}
	return sum
}
