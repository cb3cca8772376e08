package calendar

import (
	"strconv"
	"strings"
	"time"
)

// zone is what a calendar says of a time zone itself (RFC 5545 section 3.6.5): from when in the year which offset holds.
type zone struct{ rules []rule }

// rule is a STANDARD or DAYLIGHT block: the offset that holds from its onset on, every year anew if it repeats.
type rule struct {
	onset   time.Time // local
	offset  time.Duration
	yearly  bool
	month   time.Month
	nth     int // of the weekday in the month; -1 is the last, 0 the day of the onset itself
	weekday time.Weekday
}

// readZones reads the VTIMEZONE blocks.
func readZones(all []line) map[string]*zone {
	zones := make(map[string]*zone)
	var z *zone
	var r *rule
	id := ""
	for _, l := range all {
		kind := strings.ToUpper(l.value)
		switch {
		case l.name == "BEGIN" && kind == "VTIMEZONE":
			z, id = &zone{}, ""
		case z == nil:
		case l.name == "END" && kind == "VTIMEZONE":
			if id != "" && len(z.rules) > 0 && len(zones) < 100 {
				zones[id] = z
			}
			z, r = nil, nil
		case l.name == "TZID":
			id = l.value
		case l.name == "BEGIN":
			r = &rule{}
		case r == nil:
		case l.name == "END":
			if len(z.rules) < 100 {
				z.rules = append(z.rules, *r)
			}
			r = nil
		case l.name == "DTSTART":
			r.onset, _ = time.Parse("20060102T150405", l.value)
		case l.name == "TZOFFSETTO":
			r.offset = offset(l.value)
		case l.name == "RRULE":
			r.repeat(l.value)
		}
	}
	return zones
}

// repeat reads the yearly rules that zones are written with: the nth weekday of a month.
func (r *rule) repeat(s string) {
	for item := range strings.SplitSeq(strings.ToUpper(s), ";") {
		name, value, _ := strings.Cut(item, "=")
		switch name {
		case "FREQ":
			r.yearly = value == "YEARLY"
		case "BYMONTH":
			n, _ := strconv.Atoi(value)
			r.month = time.Month(n)
		case "BYDAY":
			if len(value) < 2 {
				continue
			}
			day := strings.Index("SUMOTUWETHFRSA", value[len(value)-2:])
			if day >= 0 && day%2 == 0 {
				r.weekday = time.Weekday(day / 2)
				r.nth, _ = strconv.Atoi(value[:len(value)-2])
			}
		}
	}
}

// offset reads "+0100" or "-033000".
func offset(s string) time.Duration {
	if len(s) < 5 || s[0] != '+' && s[0] != '-' {
		return 0
	}
	h, _ := strconv.Atoi(s[1:3])
	m, _ := strconv.Atoi(s[3:5])
	d := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
	if s[0] == '-' {
		return -d
	}
	return d
}

// in returns the rule's onset in a year.
func (r rule) in(year int) time.Time {
	if !r.yearly {
		return r.onset
	}
	month := r.month
	if month < 1 || month > 12 {
		month = r.onset.Month()
	}
	h, m, s := r.onset.Clock()
	if r.nth == 0 {
		return time.Date(year, month, r.onset.Day(), h, m, s, 0, time.UTC)
	}
	if r.nth < 0 {
		last := time.Date(year, month+1, 0, h, m, s, 0, time.UTC)
		return last.AddDate(0, 0, -int((last.Weekday()-r.weekday+7)%7)+7*(r.nth+1))
	}
	first := time.Date(year, month, 1, h, m, s, 0, time.UTC)
	return first.AddDate(0, 0, int((r.weekday-first.Weekday()+7)%7)+7*(r.nth-1))
}

// offset returns which offset holds at a local time: that of the rule with the latest onset before it.
func (z *zone) offset(local time.Time) time.Duration {
	var best time.Duration
	var at time.Time
	for i, r := range z.rules {
		for _, year := range []int{local.Year(), local.Year() - 1} {
			onset := r.in(year)
			if i == 0 && at.IsZero() {
				best = r.offset
			}
			if !onset.After(local) && !onset.Before(at) {
				at, best = onset, r.offset
			}
		}
	}
	return best
}

// locationOf returns the zone of a name: of the IANA, with the path that some programs put before it, or of Windows. It is nil for an
// unknown one.
func locationOf(name string) *time.Location {
	name = strings.Trim(name, `"' `)
	if iana, ok := windows[strings.ToLower(name)]; ok {
		name = iana
	}
	for range 4 {
		if name == "" || strings.EqualFold(name, "local") { // not ours
			return nil
		}
		if loc, err := time.LoadLocation(name); err == nil {
			return loc
		}
		_, rest, ok := strings.Cut(strings.TrimPrefix(name, "/"), "/")
		if !ok {
			return nil
		}
		name = rest
	}
	return nil
}

// windows maps the names that Windows gives to zones, in lower case, to one of the IANA with the same rules.
var windows = map[string]string{
	"afghanistan standard time": "Asia/Kabul", "alaskan standard time": "America/Anchorage", "arab standard time": "Asia/Riyadh",
	"arabian standard time": "Asia/Dubai", "arabic standard time": "Asia/Baghdad", "argentina standard time": "America/Buenos_Aires",
	"atlantic standard time": "America/Halifax", "aus central standard time": "Australia/Darwin", "aus eastern standard time": "Australia/Sydney",
	"azerbaijan standard time": "Asia/Baku", "azores standard time": "Atlantic/Azores", "bangladesh standard time": "Asia/Dhaka",
	"belarus standard time": "Europe/Minsk", "canada central standard time": "America/Regina", "cape verde standard time": "Atlantic/Cape_Verde",
	"caucasus standard time": "Asia/Yerevan", "cen. australia standard time": "Australia/Adelaide", "central america standard time": "America/Guatemala",
	"central asia standard time": "Asia/Almaty", "central brazilian standard time": "America/Cuiaba", "central europe standard time": "Europe/Budapest",
	"central european standard time": "Europe/Warsaw", "central pacific standard time": "Pacific/Guadalcanal", "central standard time": "America/Chicago",
	"central standard time (mexico)": "America/Mexico_City", "china standard time": "Asia/Shanghai", "e. africa standard time": "Africa/Nairobi",
	"e. australia standard time": "Australia/Brisbane", "e. europe standard time": "Europe/Chisinau", "e. south america standard time": "America/Sao_Paulo",
	"eastern standard time": "America/New_York", "egypt standard time": "Africa/Cairo", "ekaterinburg standard time": "Asia/Yekaterinburg",
	"fiji standard time": "Pacific/Fiji", "fle standard time": "Europe/Kiev", "georgian standard time": "Asia/Tbilisi", "gmt standard time": "Europe/London",
	"greenland standard time": "America/Godthab", "greenwich standard time": "Atlantic/Reykjavik", "gtb standard time": "Europe/Bucharest",
	"hawaiian standard time": "Pacific/Honolulu", "india standard time": "Asia/Calcutta", "iran standard time": "Asia/Tehran",
	"israel standard time": "Asia/Jerusalem", "jordan standard time": "Asia/Amman", "kaliningrad standard time": "Europe/Kaliningrad",
	"korea standard time": "Asia/Seoul", "mauritius standard time": "Indian/Mauritius", "middle east standard time": "Asia/Beirut",
	"montevideo standard time": "America/Montevideo", "morocco standard time": "Africa/Casablanca", "mountain standard time": "America/Denver",
	"myanmar standard time": "Asia/Rangoon", "namibia standard time": "Africa/Windhoek", "nepal standard time": "Asia/Katmandu",
	"new zealand standard time": "Pacific/Auckland", "newfoundland standard time": "America/St_Johns", "north asia standard time": "Asia/Krasnoyarsk",
	"pacific sa standard time": "America/Santiago", "pacific standard time": "America/Los_Angeles", "pakistan standard time": "Asia/Karachi",
	"paraguay standard time": "America/Asuncion", "romance standard time": "Europe/Paris", "russian standard time": "Europe/Moscow",
	"sa eastern standard time": "America/Cayenne", "sa pacific standard time": "America/Bogota", "sa western standard time": "America/La_Paz",
	"se asia standard time": "Asia/Bangkok", "singapore standard time": "Asia/Singapore", "south africa standard time": "Africa/Johannesburg",
	"sri lanka standard time": "Asia/Colombo", "syria standard time": "Asia/Damascus", "taipei standard time": "Asia/Taipei",
	"tasmania standard time": "Australia/Hobart", "tokyo standard time": "Asia/Tokyo", "tonga standard time": "Pacific/Tongatapu",
	"turkey standard time": "Europe/Istanbul", "us eastern standard time": "America/Indianapolis", "us mountain standard time": "America/Phoenix",
	"utc": "UTC", "gmt": "UTC", "z": "UTC", "venezuela standard time": "America/Caracas", "vladivostok standard time": "Asia/Vladivostok",
	"w. australia standard time": "Australia/Perth", "w. central africa standard time": "Africa/Lagos", "w. europe standard time": "Europe/Berlin",
	"west asia standard time": "Asia/Tashkent", "west pacific standard time": "Pacific/Port_Moresby", "yakutsk standard time": "Asia/Yakutsk",
	"(utc+01:00) amsterdam, berlin, bern, rome, stockholm, vienna": "Europe/Berlin", "(utc+01:00) brussels, copenhagen, madrid, paris": "Europe/Paris",
	"w. europe": "Europe/Berlin", "europe central time": "Europe/Berlin",
}
