package email

import (
	"bytes"
	"mime"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"sportello/channels"
	"sportello/channels/email/echo"
	"sportello/channels/email/field"
	"sportello/channels/email/letter"
)

const foldAt = 76 // octets of a header line, RFC 2045 section 6.7 and RFC 5322 section 2.1.1

// writeHeader writes the fields above the MIME ones. Every value passes through writeField, so that nothing in it can begin another field.
func (a *Adapter) writeHeader(w *bytes.Buffer, out channels.Outbound) {
	at := out.At
	if at.IsZero() {
		at = a.deps.Now()
	}
	name := out.From.Name
	if name == "" {
		name = a.cfg.Name
	}
	writeField(w, "Date", at.UTC().Format(time.RFC1123Z))
	writeField(w, "From", mailbox(channels.Address{Value: a.cfg.Address, Name: name}))
	writeField(w, "To", mailboxes(out.To))
	if len(out.Cc) > 0 {
		writeField(w, "Cc", mailboxes(out.Cc))
	}
	if letter.WellFormedToken(out.Thread.Token) {
		writeField(w, "Reply-To", mailbox(channels.Address{Value: letter.PlusAddress(a.cfg.Address, out.Thread.Token), Name: name}))
	}
	writeField(w, "Subject", mime.QEncoding.Encode("utf-8", field.Clip(field.OneLine(out.Subject), subjectSent)))
	writeField(w, "Message-ID", "<"+out.Thread.MessageID+">")
	if ids := idList(out.Thread.InReplyTo, referencesSent); ids != "" {
		writeField(w, "In-Reply-To", ids)
	}
	references := out.Thread.References
	if len(references) == 0 {
		references = out.Thread.InReplyTo
	}
	if ids := idList(references, referencesSent); ids != "" {
		writeField(w, "References", ids)
	}
	if out.Locale != "" {
		writeField(w, "Content-Language", field.Language(out.Locale))
	}
	if byMachine(out) {
		writeAuto(w, out.Auto)
	}
	a.writeCampaign(w, out)
	if h, _ := field.Split(w.Bytes()); len(a.cfg.Key) > 0 {
		writeField(w, echo.Header, echo.Mark(a.cfg.Key, out.ID, h))
	}
	writeField(w, "MIME-Version", "1.0")
}

// writeAuto marks mail that no person wrote, so that no machine answers it (RFC 3834 section 5, E-28).
func writeAuto(w *bytes.Buffer, kind channels.Auto) {
	submitted := "auto-generated"
	if kind == channels.AutoReply {
		submitted = "auto-replied"
	}
	writeField(w, "Auto-Submitted", submitted)
	writeField(w, "X-Auto-Response-Suppress", "All")
	writeField(w, "Precedence", "auto_reply")
}

// writeField writes one field, folded at spaces (RFC 5322 section 2.2.3). Line ends and control characters in value become spaces.
func writeField(w *bytes.Buffer, name, value string) {
	line := name + ":"
	for word := range strings.FieldsSeq(field.OneLine(value)) {
		if len(line)+1+len(word) > foldAt && strings.TrimSpace(line) != name+":" {
			w.WriteString(line + "\r\n")
			line = ""
		}
		line += " " + word
	}
	w.WriteString(line + "\r\n")
}

// mailbox writes one address with its name. A domain goes in ASCII; a local part beyond ASCII stays as it is (RFC 6532), and Send
// has made sure that the server takes it.
func mailbox(a channels.Address) string {
	if name := field.Clip(field.OneLine(a.Name), 100); name != "" {
		if isASCII(a.Value) {
			return (&mail.Address{Name: name, Address: a.Value}).String()
		}
		return mime.QEncoding.Encode("utf-8", strings.Map(plainNameRune, name)) + " <" + a.Value + ">"
	}
	return "<" + a.Value + ">"
}

// plainNameRune keeps what may stand in a name without quotes.
func plainNameRune(r rune) rune {
	if strings.ContainsRune(`()<>[]:;@\,."`, r) {
		return ' '
	}
	return r
}

func mailboxes(list []channels.Address) string {
	all := make([]string, len(list))
	for i, a := range list {
		a.Value, _ = field.Normal(a.Value)
		all[i] = mailbox(a)
	}
	return strings.Join(all, ", ")
}

// idList writes message ids, at most n: the first, which began the thread, and the newest.
func idList(ids []string, n int) string {
	var kept []string
	for _, id := range ids {
		if field.WellFormedID(id) {
			kept = append(kept, "<"+id+">")
		}
	}
	if len(kept) > n {
		kept = append(kept[:1:1], kept[len(kept)-n+1:]...)
	}
	return strings.Join(kept, " ")
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
