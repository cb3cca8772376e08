package calendar

import (
	"fmt"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"
	"unicode/utf8"
)

func event(lines ...string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VCALENDAR\r\n"
}

const exchangeZone = "BEGIN:VTIMEZONE\r\nTZID:Customized Time Zone\r\nBEGIN:STANDARD\r\nDTSTART:16010101T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n" +
	"RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\nDTSTART:16010101T020000\r\nTZOFFSETFROM:+0100\r\n" +
	"TZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE"

func TestE41Invitation(t *testing.T) {
	got := Read(event(exchangeZone, "BEGIN:VEVENT", "UID:040000008200E00074C5B7101A82E008", "SEQUENCE:2", "SUMMARY;LANGUAGE=it:Riunione\\, sede \\;", "  di Milano",
		"LOCATION:Sala \"A\"\\nprimo piano", `ORGANIZER;CN="Rossi, Anna":MAILTO:Anna@Example.test`,
		`ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;CN=Bruno:mailto:b@x.it`, "ATTENDEE:invalid:nomail", "ATTENDEE;EMAIL=c@x.it:urn:uuid:1",
		"DTSTART;TZID=Customized Time Zone:20260702T100000", "DTEND;TZID=Customized Time Zone:20261102T110000",
		"RRULE:FREQ=WEEKLY;COUNT=3", "BEGIN:VALARM", "DTSTART:20200101T000000Z", "SUMMARY:alarm", "END:VALARM", "END:VEVENT"), "")
	if len(got) != 1 {
		t.Fatalf("%+v", got)
	}
	a := got[0]
	want := "REQUEST 040000008200E00074C5B7101A82E008 2 Riunione, sede ; di Milano Sala \"A\" primo piano 2026-07-02T08:00:00Z 2026-11-02T10:00:00Z false Customized Time Zone FREQ=WEEKLY;COUNT=3"
	if s := fmt.Sprint(a.Method, " ", a.UID, " ", a.Sequence, " ", a.Summary, " ", a.Location, " ", a.Starts.Format(time.RFC3339), " ", a.Ends.Format(time.RFC3339), " ", a.AllDay, " ", a.Zone, " ", a.Repeats); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
	if a.Organizer == nil || a.Organizer.Value != "anna@example.test" || a.Organizer.Name != "Rossi, Anna" {
		t.Errorf("organizer %+v", a.Organizer)
	}
	if s := fmt.Sprint(a.Attendees); s != "[{{email b@x.it Bruno} ACCEPTED} {{email c@x.it } NEEDS-ACTION}]" {
		t.Errorf("attendees %s", s)
	}
}

func TestE41Times(t *testing.T) {
	for in, want := range map[string]string{
		"DTSTART:20261102T100000Z":                                                 "2026-11-02T10:00:00Z UTC",
		"DTSTART;TZID=Europe/Rome:20261102T100000":                                 "2026-11-02T09:00:00Z Europe/Rome",
		"DTSTART;TZID=Europe/Rome:20260702T100000":                                 "2026-07-02T08:00:00Z Europe/Rome",
		"DTSTART;TZID=W. Europe Standard Time:20260702T100000":                     "2026-07-02T08:00:00Z W. Europe Standard Time",
		`DTSTART;TZID="Eastern Standard Time":20261102T100000`:                     "2026-11-02T15:00:00Z Eastern Standard Time",
		"DTSTART;TZID=/mozilla.org/20070129_1/Europe/Rome:20261102T100000":         "2026-11-02T09:00:00Z /mozilla.org/20070129_1/Europe/Rome",
		"DTSTART;TZID=/freeassociation.sourceforge.net/Asia/Tokyo:20261102T100000": "2026-11-02T01:00:00Z /freeassociation.sourceforge.net/Asia/Tokyo",
		"DTSTART;TZID=Customized Time Zone:20260329T020000":                        "2026-03-29T00:00:00Z Customized Time Zone",
		"DTSTART;TZID=Customized Time Zone:20261025T030000":                        "2026-10-25T02:00:00Z Customized Time Zone",
		"DTSTART;TZID=Customized Time Zone:20260115T030000":                        "2026-01-15T02:00:00Z Customized Time Zone",
		"DTSTART;TZID=Nowhere/Land:20261102T100000":                                "2026-11-02T10:00:00Z Nowhere/Land",
		"DTSTART:20261102T100000":                                                  "2026-11-02T10:00:00Z ",
		"DTSTART;VALUE=DATE:20261102":                                              "2026-11-02T00:00:00Z  all day",
		"DTSTART:20261302T100000Z":                                                 "0001-01-01T00:00:00Z ",
	} {
		a := Read(event(exchangeZone, "BEGIN:VEVENT", in, "END:VEVENT"), "")[0]
		got := a.Starts.Format(time.RFC3339) + " " + a.Zone
		if a.AllDay {
			got += " all day"
		}
		if got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestE41Methods(t *testing.T) {
	plain := "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:20261102T100000Z\nDURATION:PT1H30M\nEND:VEVENT\nEND:VCALENDAR"
	if a := Read(plain, "reply")[0]; a.Method != "REPLY" || a.Ends.Sub(a.Starts) != 90*time.Minute {
		t.Errorf("%+v", a)
	}
	if a := Read(plain, "")[0]; a.Method != "PUBLISH" {
		t.Errorf("%+v", a)
	}
	if a := Read(strings.Replace(plain, "UID:1", "UID:1\nSTATUS:CANCELLED", 1), "request")[0]; a.Method != "CANCEL" {
		t.Errorf("%+v", a)
	}
	if got := Read("no calendar: at all", "REQUEST"); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	if got := Read(strings.Repeat("BEGIN:VEVENT\nUID:1\n", 1000)+strings.Repeat("ATTENDEE:mailto:a@b.it\n", 1000), ""); len(got) != 1 || len(got[0].Attendees) != 0 {
		t.Errorf("%d events", len(got))
	}
}

// FuzzCalendar: any text makes appointments that can be stored and shown, within the limits.
func FuzzCalendar(f *testing.F) {
	f.Add(event(exchangeZone, "BEGIN:VEVENT", "DTSTART;TZID=Customized Time Zone:20261102T100000", "ATTENDEE;CN=\"a\":mailto:a@b.it", "END:VEVENT"), "REQUEST")
	f.Add("BEGIN:VEVENT\nDTSTART;TZID=../../etc/passwd:20261102T100000\nRRULE:\nDURATION:P1W", "")
	f.Fuzz(func(t *testing.T, text, method string) {
		all := Read(text, method)
		if len(all) > eventsMost {
			t.Errorf("%d events", len(all))
		}
		for _, a := range all {
			for _, s := range []string{a.Method, a.UID, a.Summary, a.Location, a.Zone, a.Repeats} {
				if !utf8.ValidString(s) || strings.ContainsAny(s, "\r\n\x00") || len(s) > 4000 {
					t.Errorf("%q", s)
				}
			}
			if _, err := a.Starts.MarshalJSON(); err != nil {
				t.Error(err)
			}
			if _, err := a.Ends.MarshalJSON(); err != nil {
				t.Error(err)
			}
		}
	})
}
