package letter

import (
	"slices"
	"strings"

	"sportello/channels"
	"sportello/channels/email/forward"
	"sportello/channels/email/quote"
)

// Original is the mail that a mail passes on (E-25), nil when there is none whose sender is known, or whose sender is one of own. A mail
// that is attached is read as it is; of one within the text there are words only, and the files are those of the mail around it. Nothing
// vouches for it, and nothing that it says of other mails, of a machine or of us counts: whoever passes it on may have written it.
func (m *Mail) Original(own []string) *Mail {
	f := m.Details.Forward
	if f == nil || f.From.Value == "" || slices.Contains(own, f.From.Value) {
		return nil
	}
	o := m.inText()
	if f.How == "attached" {
		o = m.inFile(*f)
	}
	if o == nil {
		return nil
	}
	o.Proof, o.Ours, o.Auto, o.AutoReason = channels.ProofNone, false, channels.AutoNone, ""
	o.Thread = channels.Thread{MessageID: o.Thread.MessageID}
	o.Details.Trust, o.Details.Reports, o.Details.Robot = nil, nil, ""
	o.Details.Warnings = append(o.Details.Warnings, "passed_on")
	return o
}

// inFile reads the first attached mail of the sender that was named.
func (m *Mail) inFile(f channels.Forwarded) *Mail {
	for _, file := range m.Files {
		if file.Type == "message/rfc822" || file.Type == "message/global" {
			o := Read(file.Data, Reading{Keys: m.keys})
			if o.From.Value == f.From.Value {
				o.raw = file.Data
				return o
			}
		}
	}
	return nil
}

// inText makes a mail of the text below the head of one.
func (m *Mail) inText() *Mail {
	head, ok := forward.Find(m.Text)
	if !ok {
		return nil
	}
	o := &Mail{
		From: head.From, To: m.To, Subject: head.Subject, Date: head.Date, Text: unquoted(m.Text[head.End:]), Files: m.Files, Locale: m.Locale,
		HTML: quote.Below(m.HTML, func(text string) (int, bool) {
			in, ok := forward.Find(text)
			return in.End, ok && in.From.Value == head.From.Value
		}),
	}
	o.guard(o.readDetails)
	return o
}

// unquoted removes the marks of a text of which every line is quoted.
func unquoted(text string) string {
	text = strings.Trim(text, "\n")
	lines := strings.Split(text, "\n")
	for _, line := range lines {
		if line != "" && !strings.HasPrefix(line, ">") {
			return strings.TrimSpace(text)
		}
	}
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(strings.TrimPrefix(line, ">"), " ")
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// Raw is the mail's own bytes where it was attached to another; nil otherwise.
func (m *Mail) Raw() []byte { return m.raw }
