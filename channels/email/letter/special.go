package letter

import (
	"bytes"
	"strings"

	"sportello/channels"
	"sportello/channels/email/calendar"
	"sportello/channels/email/field"
	"sportello/channels/email/part"
	"sportello/channels/email/tnef"
)

// special reads the parts that are neither text nor simply files. It reports false for the others.
func (s *sorter) special(p *part.Part) bool {
	switch p.Type {
	case "multipart/signed":
		s.signed(p)
	case "multipart/encrypted":
		s.encrypted(p)
	case "application/pkcs7-mime", "application/x-pkcs7-mime":
		s.opaque(p)
	case "application/pkcs7-signature", "application/x-pkcs7-signature":
		s.seal(channels.Crypt{Kind: "smime", Signed: true})
	case "application/pgp-signature":
		s.seal(channels.Crypt{Kind: "pgp", Signed: true})
	case "application/pgp-encrypted":
		s.announced = true
	case "text/rfc822-headers": // a copy of fields, for programs that do not read them where they are
		return s.mail.depth() > 0 && p.Params["protected-headers"] != ""
	case "text/calendar", "application/ics":
		s.calendar(p)
	case "message/rfc822", "message/global":
		s.attached(p)
	case "application/ms-tnef", "application/vnd.ms-tnef":
		s.wrapped(p)
	default:
		return s.specialName(p)
	}
	return true
}

// specialName reads files whose names say more than their types.
func (s *sorter) specialName(p *part.Part) bool {
	switch name := strings.ToLower(p.Name); {
	case name == "winmail.dat" || name == "win.dat":
		s.wrapped(p)
	case name == "smime.p7m":
		s.opaque(p)
	case name == "smime.p7s":
		s.seal(channels.Crypt{Kind: "smime", Signed: true})
	case s.announced && p.Type == "application/octet-stream":
		s.announced = false
		s.message(p)
	default:
		return false
	}
	return true
}

// calendar reads an invitation or an answer to one, and files the part so that it can be taken along (E-41).
func (s *sorter) calendar(p *part.Part) {
	text := field.Decode(p.Data[:min(len(p.Data), textLimit)], p.Params["charset"])
	if len(s.mail.Details.Calendar) == 0 {
		s.mail.Details.Calendar = calendar.Read(text, p.Params["method"])
	}
	for i, f := range s.files { // the same in an alternative and as a file
		if (f.Type == "text/calendar" || f.Type == "application/ics") && bytes.Equal(f.Data, p.Data) {
			if f.Name == "invite.ics" && p.Name != "" {
				s.files[i] = p
			}
			return
		}
	}
	if p.Name == "" {
		named := *p
		named.Name = "invite.ics"
		p = &named
	}
	s.file(p)
}

// attached files a mail within the mail. Unless it is what a report returns, it is passed on (E-25).
func (s *sorter) attached(p *part.Part) {
	s.file(p)
	if s.mail.Details.Forward != nil || strings.HasPrefix(strings.ToLower(s.mail.Header.Get("content-type")), "multipart/report") {
		return
	}
	h, _ := field.Split(field.TrimMailbox(p.Data))
	from, _ := field.From(h.All("from"))
	subject := field.Clip(field.Words(h.Get("subject")), 500)
	if from.IsZero() && subject == "" {
		return
	}
	s.mail.Details.Forward = &channels.Forwarded{From: from, Subject: subject, Date: field.Date(h.Get("date")), How: "attached"}
}

// wrapped unpacks winmail.dat (E-40). What cannot be unpacked stays a file.
func (s *sorter) wrapped(p *part.Part) {
	m, err := tnef.Read(p.Data)
	if err != nil && len(m.Files) == 0 && m.Text == "" && m.HTML == "" {
		s.mail.note("winmail.dat not unpacked: " + err.Error())
		s.file(p)
		return
	}
	if err != nil {
		s.mail.note("winmail.dat: " + err.Error())
	}
	s.mail.outside()
	s.unwrapped = append(s.unwrapped, block{text: m.Text, html: m.HTML, depth: s.mail.depth()})
	for _, f := range m.Files {
		s.file(&part.Part{Name: f.Name, Type: f.Type, CID: f.CID, Data: f.Data, Disposition: "attachment"})
	}
}

// unwrap adds the texts of wrappings to a mail that has no text besides, so that nothing is there twice.
func (s *sorter) unwrap() {
	for _, b := range s.blocks {
		if !blank(b.text) || b.html != "" {
			for i := range s.unwrapped { // the plain form stands outside; the wrapping adds the better one
				if b.html == "" && len(s.blocks) == 1 && s.unwrapped[i].html != "" && s.unwrapped[i].depth == b.depth {
					s.blocks[0].html = s.unwrapped[i].html
				}
			}
			return
		}
	}
	s.blocks = append(s.blocks, s.unwrapped...)
}
