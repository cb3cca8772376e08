package letter

import (
	"strings"

	"sportello/channels/email/part"
	"sportello/channels/email/report"
	"sportello/channels/email/robot"
)

// classify finds out what the mail reports, and whether a machine wrote it. Words that were encrypted say nothing of that: an automatic
// answer that depends on them would tell a stranger what came of decrypting (RFC 3218).
func (m *Mail) classify(root *part.Part, r Reading) {
	text := m.Text
	if m.Details.Crypt != nil && m.Details.Crypt.Encrypted {
		text = ""
	}
	m.Report = report.Read(report.Mail{Header: m.Header, Root: root, Text: text, Own: r.Own})
	m.Auto, m.AutoReason = robot.Classify(robot.Mail{
		Header: m.Header, From: m.From, Own: r.Own, Subject: m.Subject, Text: text, Report: m.Report.Kind, Spam: m.Spam, Calendar: calendarMethod(root),
	})
	m.Details.Reports, m.Details.Robot = m.Report.Recipients, m.AutoReason
}

// calendarMethod is the method that a calendar part states in its Content-Type (RFC 6047 section 2.4), or "".
func calendarMethod(root *part.Part) (method string) {
	if root != nil {
		root.Walk(func(p *part.Part) bool {
			if p.Type == "text/calendar" && method == "" {
				method = strings.ToUpper(p.Params["method"])
			}
			return true
		})
	}
	return method
}
