package forward

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"sportello/channels/email/field"
)

var (
	clock     = regexp.MustCompile(`\b(\d{1,2})[:.h](\d{2})(?:[:.](\d{2}))?\s*(am|pm|a\.m\.|p\.m\.)?`)
	yearFirst = regexp.MustCompile(`\b(\d{4})\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})`)
	yearLast  = regexp.MustCompile(`\b(\d{1,2})\s?[-/.]\s?(\d{1,2})\s?[-/.]\s?(\d{4}|\d{2})\b`)
	number    = regexp.MustCompile(`\d+`)
	shift     = regexp.MustCompile(`(?:gmt|utc)?\s?([+-])(\d{1,2}):?(\d{2})\b`)
)

// months are the beginnings of the names of the months, by number, in the languages of the labels.
var months = [12]string{
	"jan gen ene sty янв січ tam led oca", "feb fév fev lut фев лют hel úno şub", "mar mrz mrt mär maa мар бер bře", "apr avr abr kwi апр кві huh dub nis",
	"may mai mag mei maj май трав tou kvě", "jun juin giu czer июн чер kes haz červn", "jul juil lug lip июл лип hei tem červenc", "aug août ago sie авг сер elo srp ağu",
	"sep set wrz сен вер syy zář eyl", "oct okt ott out paź окт жов lok říj eki", "nov nob lis ноя mar kas", "dec dez dic déc gru дек гру jou pro ara",
}

// Date reads the date of a block, in whatever way a mail program writes it: as in a header, with the month as a word, or in numbers.
// Numbers alone are day, month, year unless only the other order can be. Without a zone it is read as UTC; zero is not a date.
func Date(s string) time.Time {
	if t := field.Date(s); !t.IsZero() {
		return t
	}
	low := strings.ToLower(s[:min(len(s), 200)])
	hour, minute, second, rest, ok := clockOf(low)
	zone := 0
	if m := shift.FindStringSubmatch(rest); m != nil && ok {
		h, _ := strconv.Atoi(m[2])
		mins, _ := strconv.Atoi(m[3])
		zone = h*3600 + mins*60
		if m[1] == "-" {
			zone = -zone
		}
	}
	year, month, day := dayOf(low)
	if year < 1980 || year > 2200 || month < 1 || month > 12 || day < 1 || day > 31 {
		return time.Time{}
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.FixedZone("", zone))
	if t.Day() != day {
		return time.Time{}
	}
	return t.UTC()
}

// clockOf returns the time of day and what stands behind it.
func clockOf(s string) (hour, minute, second int, rest string, ok bool) {
	for _, m := range clock.FindAllStringSubmatchIndex(s, 5) {
		sep := s[m[3] : m[3]+1]
		if sep == "." && (m[6] < 0 && m[8] < 0 || m[1] < len(s) && s[m[1]] >= '0' && s[m[1]] <= '9') { // 02.11.2026
			continue
		}
		hour, _ = strconv.Atoi(s[m[2]:m[3]])
		minute, _ = strconv.Atoi(s[m[4]:m[5]])
		if m[6] >= 0 {
			second, _ = strconv.Atoi(s[m[6]:m[7]])
		}
		if m[8] >= 0 {
			switch pm := s[m[8]] == 'p'; {
			case pm && hour < 12:
				hour += 12
			case !pm && hour == 12:
				hour = 0
			}
		}
		if hour < 24 && minute < 60 && second < 60 {
			return hour, minute, second, s[m[1]:], true
		}
	}
	return 0, 0, 0, "", false
}

func dayOf(s string) (year, month, day int) {
	num := func(v string) int { n, _ := strconv.Atoi(v); return n }
	if m := yearFirst.FindStringSubmatch(s); m != nil {
		return num(m[1]), num(m[2]), num(m[3])
	}
	if m := yearLast.FindStringSubmatch(s); m != nil {
		day, month, year = num(m[1]), num(m[2]), num(m[3])
		if year < 100 {
			year += 2000
		}
		if month > 12 && day <= 12 {
			day, month = month, day
		}
		return year, month, day
	}
	for word := range strings.FieldsFuncSeq(s, func(r rune) bool { return strings.ContainsRune(" ,.\t/-", r) }) {
		if month == 0 {
			month = monthOf(word)
		}
	}
	clean := clock.ReplaceAllString(s, " ")
	for _, n := range number.FindAllString(clean, 6) {
		switch v := num(n); {
		case len(n) == 4 && year == 0:
			year = v
		case len(n) <= 2 && day == 0:
			day = v
		}
	}
	return year, month, day
}

func monthOf(word string) int {
	for i, list := range months {
		for start := range strings.FieldsSeq(list) {
			if strings.HasPrefix(word, start) && len(word) <= len(start)+10 {
				return i + 1
			}
		}
	}
	return 0
}
