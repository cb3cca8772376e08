package calendar

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// E-41: calendars as programs write them: what is in them, and what is read.
func TestE41Programs(t *testing.T) {
	for _, c := range []struct{ name, text, method, want string }{
		{"outlook", "BEGIN:VCALENDAR\nMETHOD:REQUEST\nPRODID:Microsoft Exchange Server 2010\nVERSION:2.0\nBEGIN:VTIMEZONE\nTZID:W. Europe Standard Time\nBEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:16010101T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\nEND:VTIMEZONE\nBEGIN:VEVENT\nORGANIZER;CN=Dee Ross:mailto:dee@ross.example\nATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN=Support:mailto:support@shop.example\nDESCRIPTION;LANGUAGE=en-GB:See you.\\n\nUID:040000008200E1\nSUMMARY;LANGUAGE=en-GB:Roof inspection\nDTSTART;TZID=W. Europe Standard Time:20250610T100000\nDTEND;TZID=W. Europe Standard Time:20250610T113000\nCLASS:PUBLIC\nSEQUENCE:0\nLOCATION;LANGUAGE=en-GB:Yard\nSTATUS:CONFIRMED\nBEGIN:VALARM\nDESCRIPTION:REMINDER\nTRIGGER;RELATED=START:-PT15M\nACTION:DISPLAY\nEND:VALARM\nEND:VEVENT\nEND:VCALENDAR", "", "REQUEST Roof inspection|Yard|2025-06-10T08:00Z|2025-06-10T09:30Z|false||dee@ross.example|support@shop.example NEEDS-ACTION"},
		{"google weekly", "BEGIN:VCALENDAR\nPRODID:-//Google Inc//Google Calendar 70.9054//EN\nVERSION:2.0\nCALSCALE:GREGORIAN\nMETHOD:REQUEST\nBEGIN:VTIMEZONE\nTZID:Europe/Rome\nEND:VTIMEZONE\nBEGIN:VEVENT\nDTSTART;TZID=Europe/Rome:20250304T091500\nDTEND;TZID=Europe/Rome:20250304T094500\nRRULE:FREQ=WEEKLY;UNTIL=20250601T215959Z;BYDAY=TU\nDTSTAMP:20250301T080000Z\nORGANIZER;CN=Ana:mailto:ana@x.example\nUID:7k@google.example\nATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;CN=ana@x.example;X-NUM-GUESTS=0:mailto:ana@x.example\nATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=\n TRUE;CN=support@shop.example;X-NUM-GUESTS=0:mailto:support@shop.example\nSUMMARY:Stand-up\nEND:VEVENT\nEND:VCALENDAR", "", "REQUEST Stand-up||2025-03-04T08:15Z|2025-03-04T08:45Z|false|FREQ=WEEKLY;UNTIL=20250601T215959Z;BYDAY=TU|ana@x.example|ana@x.example ACCEPTED,support@shop.example NEEDS-ACTION"},
		{"apple all day", "BEGIN:VCALENDAR\nCALSCALE:GREGORIAN\nVERSION:2.0\nMETHOD:REQUEST\nPRODID:-//Apple Inc.//macOS 14.3//EN\nBEGIN:VEVENT\nUID:A1\nDTSTART;VALUE=DATE:20250812\nDTEND;VALUE=DATE:20250814\nSUMMARY:Fiera\nORGANIZER;EMAIL=\"ugo@x.example\":/aMTI/principal/\nATTENDEE;CN=\"Support\";CUTYPE=INDIVIDUAL;PARTSTAT=NEEDS-ACTION:mailto:support@shop.example\nEND:VEVENT\nEND:VCALENDAR", "", "REQUEST Fiera||2025-08-12T00:00Z|2025-08-14T00:00Z|true||ugo@x.example|support@shop.example NEEDS-ACTION"},
		{"cancelled", "BEGIN:VCALENDAR\nMETHOD:CANCEL\nVERSION:2.0\nBEGIN:VEVENT\nUID:A2\nSTATUS:CANCELLED\nSUMMARY:Annullato: Sopralluogo\nDTSTART;TZID=\"Romance Standard Time\":20250115T140000\nDURATION:PT1H\nSEQUENCE:2\nORGANIZER:MAILTO:ugo@x.example\nEND:VEVENT\nEND:VCALENDAR", "", "CANCEL Annullato: Sopralluogo||2025-01-15T13:00Z|2025-01-15T14:00Z|false||ugo@x.example|"},
		{"accepted", "BEGIN:VCALENDAR\nMETHOD:REPLY\nVERSION:2.0\nBEGIN:VEVENT\nUID:A3\nSUMMARY:Accepted: Roof inspection\nDTSTART:20250610T080000Z\nDTEND:20250610T093000Z\nATTENDEE;PARTSTAT=ACCEPTED;CN=Dee Ross:mailto:dee@ross.example\nORGANIZER:mailto:support@shop.example\nEND:VEVENT\nEND:VCALENDAR", "", "REPLY Accepted: Roof inspection||2025-06-10T08:00Z|2025-06-10T09:30Z|false||support@shop.example|dee@ross.example ACCEPTED"},
		{"windows name of a city", "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:A4\nSUMMARY:Call\nDTSTART;TZID=\"(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna\":20250610T100000\nDTEND;TZID=\"(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna\":20250610T103000\nEND:VEVENT\nEND:VCALENDAR", "REQUEST", "REQUEST Call||2025-06-10T08:00Z|2025-06-10T08:30Z|false|||"},
		{"google time zone of the calendar", "BEGIN:VCALENDAR\nVERSION:2.0\nX-WR-TIMEZONE:Europe/Madrid\nMETHOD:PUBLISH\nBEGIN:VEVENT\nUID:A5\nSUMMARY:Feria\nDTSTART:20250610T100000\nDTEND:20250610T110000\nEND:VEVENT\nEND:VCALENDAR", "", "PUBLISH Feria||2025-06-10T08:00Z|2025-06-10T09:00Z|false|||"},
		{"one changed of many", "BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:A6\nRECURRENCE-ID;TZID=Asia/Tokyo:20250610T090000\nSUMMARY:定例会\nDTSTART;TZID=Asia/Tokyo:20250610T130000\nDTEND;TZID=Asia/Tokyo:20250610T140000\nLOCATION:会議室A\\, 3階\nEND:VEVENT\nEND:VCALENDAR", "", "REQUEST 定例会|会議室A, 3階|2025-06-10T04:00Z|2025-06-10T05:00Z|false|||"},
		{"counter", "BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:COUNTER\nBEGIN:VEVENT\nUID:A7\nSUMMARY:Nuova ora proposta: Sopralluogo\nDTSTART;TZID=Tokyo Standard Time:20250610T090000\nDTEND;TZID=Tokyo Standard Time:20250610T100000\nATTENDEE;PARTSTAT=TENTATIVE:mailto:dee@ross.example\nEND:VEVENT\nEND:VCALENDAR", "", "COUNTER Nuova ora proposta: Sopralluogo||2025-06-10T00:00Z|2025-06-10T01:00Z|false|||dee@ross.example TENTATIVE"},
		{"all day without end", "BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:A8\nSUMMARY:Inventory\nDTSTART;VALUE=DATE:20250610\nRRULE:FREQ=MONTHLY;BYMONTHDAY=10\nEND:VEVENT\nEND:VCALENDAR", "", "REQUEST Inventory||2025-06-10T00:00Z||true|FREQ=MONTHLY;BYMONTHDAY=10||"},
	} {
		all := Read(strings.ReplaceAll(c.text, "\n", "\r\n"), c.method)
		if len(all) != 1 {
			t.Errorf("%s: %d events", c.name, len(all))
			continue
		}
		a := all[0]
		ends, organizer := "", ""
		if !a.Ends.IsZero() {
			ends = a.Ends.Format("2006-01-02T15:04Z")
		}
		if a.Organizer != nil {
			organizer = a.Organizer.Value
		}
		var invited []string
		for _, who := range a.Attendees {
			invited = append(invited, who.Address.Value+" "+who.Status)
		}
		got := strings.Join([]string{a.Method + " " + a.Summary, a.Location, a.Starts.In(time.UTC).Format("2006-01-02T15:04Z"), ends, fmt.Sprint(a.AllDay), a.Repeats, organizer, strings.Join(invited, ",")}, "|")
		if got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
}
