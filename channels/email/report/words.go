package report

// Reports without fields. They are read by their structure, which is the same in every language: an address of somebody else, and near
// it the words of a server that refused. The invariants:
//
//   - Only a mail that a mail server wrote is read so: its sender's name, its subject with an empty return path, or a field says so.
//   - The mail that came back is not read: it ends where its header begins.
//   - An address counts only with a status, with words that are known to mean one, or if a field names it.

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"sportello/channels"
	"sportello/channels/email/field"
)

var (
	address = regexp.MustCompile(`[^\s<>()\[\]"',;:=|\\（）：，；。「」【】《》“”]{1,64}@[\p{L}\d](?:[\p{L}\d.\-]{0,250}[\p{L}\d])?`)
	// copied is where the returned mail begins in a plain text.
	copied = regexp.MustCompile(`(?im)^(?:[ \t>]*(?:received|return-path|dkim-signature|mime-version|message-id|x-[a-z0-9\-]+|arc-[a-z\-]+|content-type|authentication-results): ` +
		`|-{2,} ?(?:below this line|this is a copy|original message|returned mail|unsent message|message header|included is a copy|forwarded)).*$`)
	ourSide = regexp.MustCompile(`^\s*>>> `) // what the reporting server said itself
)

// servers are the local parts from which mail servers write.
var servers = []string{"mailer-daemon", "mailerdaemon", "mailer_daemon", "mail-daemon", "maildaemon", "postmaster", "postoffice", "mdaemon"}

// words reads a report that has no fields.
func (r *reader) words() {
	failed := field.Addresses(r.Header.All("x-failed-recipients"))
	if len(failed) == 0 && !r.byServer() {
		return
	}
	text := clip(r.Text)
	if at := copied.FindStringIndex(text); at != nil {
		text = text[:at[0]]
	}
	found := r.refused(text, failed)
	for _, a := range failed {
		if !slices.ContainsFunc(found, func(f channels.Report) bool { return f.Recipient == a.Value }) {
			found = append(found, channels.Report{Recipient: a.Value, Status: statusOf(text), Diagnostic: firstTelling(text)})
		}
	}
	if len(found) == 0 && r.plainAction() == "delayed" {
		found = r.alone(text)
	}
	if len(found) == 0 {
		if r.variable() != "" && r.titled() {
			r.Kind = channels.AutoBounce
		}
		return
	}
	r.Kind = channels.AutoBounce
	action := r.plainAction()
	for _, f := range found {
		f.Action, f.Guessed = action, true
		r.Recipients = append(r.Recipients, f)
	}
}

// byServer reports whether a mail server wrote the mail.
func (r *reader) byServer() bool {
	from, _ := field.From(r.Header.All("from"))
	local, _, _ := strings.Cut(from.Value, "@")
	if from.Value == "" {
		local = strings.ToLower(strings.Trim(field.FirstWord(r.Header.Get("from")), `<>"`))
	}
	if slices.Contains(servers, local) || strings.HasPrefix(local, "microsoftexchange") {
		return true
	}
	nobody := strings.Join(strings.Fields(r.Header.Get("return-path")), "") == "<>"
	submitted := field.FirstWord(r.Header.Get("auto-submitted"))
	return (nobody || submitted != "" && submitted != "no" && enhanced.MatchString(clip(r.Text))) && r.titled()
}

// titled reports whether the subject is one that servers give their reports.
func (r *reader) titled() bool {
	subject := strings.ToLower(field.Words(r.Header.Get("subject")))
	return slices.ContainsFunc(titles, func(s string) bool { return strings.Contains(subject, s) })
}

// refused finds the addresses that a text says were refused. Addresses that stand together share what is said below them.
func (r *reader) refused(text string, named []channels.Address) []channels.Report {
	var all []channels.Report
	var open []int           // of all: those that wait for a reason
	closed := true           // a reason was given: the next address begins anew
	worded := map[int]bool{} // of all: their status was read from words, and a code of the same subject is more exact
	for raw := range strings.Lines(text) {
		l := strings.TrimSpace(raw)
		if l == "" || ourSide.MatchString(raw) {
			continue
		}
		for _, a := range r.strangers(l) {
			if closed {
				open, closed = nil, false
			}
			n := slices.IndexFunc(all, func(f channels.Report) bool { return f.Recipient == a })
			if n < 0 {
				n = len(all)
				all = append(all, channels.Report{Recipient: a})
			}
			if len(all) > mostRecipients {
				return telling(all, named)
			}
			if (all[n].Status == "" || worded[n]) && !slices.Contains(open, n) {
				open = append(open, n)
			}
		}
		if status := statusOf(l); status != "" && len(open) > 0 {
			for _, n := range open {
				coded := enhanced.FindString(l) == status
				if all[n].Status == "" || vague(all[n].Status) || worded[n] && coded && status[:3] == all[n].Status[:3] {
					all[n].Status, all[n].Diagnostic = status, line(l)
					worded[n] = !coded
				}
			}
			closed = true
		}
	}
	return telling(all, named)
}

// alone finds the addresses that stand in lines of their own: of mail that is still tried, servers say no more.
func (r *reader) alone(text string) []channels.Report {
	var all []channels.Report
	for l := range strings.Lines(text) {
		l = strings.Trim(strings.TrimSpace(l), "<>:\"")
		if found := r.strangers(l); len(found) == 1 && strings.EqualFold(found[0], l) && len(all) < mostRecipients &&
			!slices.ContainsFunc(all, func(f channels.Report) bool { return f.Recipient == found[0] }) {
			all = append(all, channels.Report{Recipient: found[0]})
		}
	}
	return all
}

// telling keeps what has a reason, or is named by a field.
func telling(all []channels.Report, named []channels.Address) []channels.Report {
	return slices.DeleteFunc(all, func(f channels.Report) bool {
		return f.Status == "" && !slices.ContainsFunc(named, func(a channels.Address) bool { return a.Value == f.Recipient })
	})
}

// strangers are the addresses in a line that may be a recipient's: none of ours and none of a server.
func (r *reader) strangers(l string) []string {
	var all []string
	for _, s := range address.FindAllString(l, 20) {
		s = strings.TrimPrefix(strings.TrimPrefix(s, "SMTP:"), "mailto:")
		a, ok := field.Normal(strings.TrimRight(divided(s), ".-"))
		local, domain, _ := strings.Cut(a, "@")
		if !ok || !strings.Contains(domain, ".") || slices.Contains(r.Own, a) || slices.Contains(servers, local) || slices.Contains(all, a) {
			continue
		}
		all = append(all, a)
	}
	return all
}

// divided takes from an address in ASCII the words of East Asia that stand before and behind it without a space.
func divided(s string) string {
	at := strings.LastIndexByte(s, '@')
	domain := s[at+1:]
	if i := strings.IndexFunc(domain, eastern); i > 0 && strings.Contains(domain[:i], ".") {
		domain = domain[:i]
	}
	local := s[:at]
	if i := strings.LastIndexFunc(local, eastern); i >= 0 && strings.IndexFunc(domain, eastern) < 0 {
		_, n := utf8.DecodeRuneInString(local[i:])
		if local[i+n:] != "" {
			local = local[i+n:]
		}
	}
	return local + "@" + domain
}

func eastern(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
}

// statusOf reads a status from words: the enhanced code, else what the words or the reply code are known to mean. "" when they say none.
func statusOf(text string) string {
	code := enhanced.FindString(text)
	if code != "" && code[0] != '2' && !vague(code) {
		return code
	}
	low := strings.ToLower(text)
	for _, m := range meanings {
		if slices.ContainsFunc(m.words, func(w string) bool { return strings.Contains(low, w) }) {
			return m.status
		}
	}
	if code != "" && code[0] != '2' {
		return code
	}
	if m := reply.FindStringSubmatch(text); m != nil {
		return m[1][:1] + ".0.0"
	}
	return ""
}

// firstTelling is the first line of a text that says why.
func firstTelling(text string) string {
	for l := range strings.Lines(text) {
		if statusOf(l) != "" {
			return line(strings.TrimSpace(l))
		}
	}
	return ""
}

// delayed reports whether the server goes on trying.
func delayed(text string) bool {
	low := strings.ToLower(text)
	return slices.ContainsFunc(delays, func(w string) bool { return strings.Contains(low, w) }) &&
		!slices.ContainsFunc(givenUp, func(w string) bool { return strings.Contains(low, w) })
}
