package tnef

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"sportello/channels/email/field"
)

const (
	signature = 0x223E9F78
	filesMost = 200
	depthMost = 4 // mails within mails
)

// Attributes that are read (MS-OXTNEF section 2.1.3.1).
const (
	attSubject      = 0x00018004
	attTitle        = 0x00018010 // of an attachment
	attBody         = 0x0002800C
	attData         = 0x0006800F // of an attachment
	attRendData     = 0x00069002 // begins an attachment
	attMessageProps = 0x00069003
	attFileProps    = 0x00069005
	attCodepage     = 0x00069007
)

// Message is what was wrapped. A text form that was not there is "".
type Message struct {
	Subject string
	Text    string
	HTML    string
	Files   []File
}

// File is a file that was wrapped.
type File struct {
	Name string // as stated; not fit for a file system
	Type string // as stated, or ""
	CID  string
	Data []byte
}

// ErrFormat is returned for what is no such wrapping.
var ErrFormat = errors.New("not TNEF")

// Read unpacks data. The Message holds what could be read also when there is an error.
func Read(data []byte) (Message, error) { return read(data, 0) }

type reader struct {
	msg      Message
	codepage string
	rtf      []byte
	rawHTML  []byte
	rawText  []byte
	cpid     string // of the HTML form
	file     *File  // that is being read, the last of msg.Files
	depth    int
}

func read(data []byte, depth int) (Message, error) {
	if len(data) < 6 || binary.LittleEndian.Uint32(data) != signature {
		return Message{}, ErrFormat
	}
	r := &reader{codepage: "windows-1252", depth: depth}
	rest := data[6:]
	var err error
	for len(rest) >= 9 {
		id, n := binary.LittleEndian.Uint32(rest[1:]), binary.LittleEndian.Uint32(rest[5:])
		if uint64(n) > uint64(len(rest)-9) {
			err = errors.New("an attribute is cut off")
			break
		}
		value := rest[9 : 9+n]
		rest = rest[min(len(rest), 9+int(n)+2):]
		r.attribute(id, value)
	}
	r.finish()
	return r.msg, err
}

func (r *reader) attribute(id uint32, value []byte) {
	switch id {
	case attCodepage:
		if len(value) >= 4 {
			r.codepage = codepage(binary.LittleEndian.Uint32(value))
		}
	case attSubject:
		r.msg.Subject = r.text8(value)
	case attBody:
		r.rawText = value
	case attMessageProps:
		r.messageProps(properties(value))
	case attRendData:
		if len(r.msg.Files) < filesMost {
			r.msg.Files = append(r.msg.Files, File{})
			r.file = &r.msg.Files[len(r.msg.Files)-1]
		} else {
			r.file = nil
		}
	}
	if r.file == nil {
		return
	}
	switch id {
	case attTitle:
		if r.file.Name == "" {
			r.file.Name = r.text8(value)
		}
	case attData:
		r.file.Data = value
	case attFileProps:
		r.fileProps(properties(value))
	}
}

// messageProps reads the properties of the message itself.
func (r *reader) messageProps(props []property) {
	for _, p := range props {
		switch p.id {
		case 0x0037: // subject
			r.msg.Subject = r.text(p)
		case 0x1000: // plain text
			if p.kind == unicodeText {
				r.msg.Text = r.text(p)
			} else {
				r.rawText = p.value
			}
		case 0x1009: // compressed RTF
			r.rtf = p.value
		case 0x1013: // HTML
			if p.kind == unicodeText {
				r.msg.HTML = r.text(p)
			} else {
				r.rawHTML = p.value
			}
		case 0x3FDE: // the code page of the HTML form
			if len(p.value) >= 4 {
				r.cpid = codepage(binary.LittleEndian.Uint32(p.value))
			}
		}
	}
}

func (r *reader) fileProps(props []property) {
	for _, p := range props {
		switch p.id {
		case 0x3707: // long file name
			r.file.Name = r.text(p)
		case 0x3704, 0x3001: // short file name, name for showing
			if r.file.Name == "" {
				r.file.Name = r.text(p)
			}
		case 0x370E:
			r.file.Type = strings.ToLower(r.text(p))
		case 0x3712:
			r.file.CID = strings.Trim(r.text(p), "<> ")
		case 0x3701:
			r.embedded(p)
		}
	}
}

// embedded reads an attachment's bytes from its property. An object is a mail within, or a file of another program.
func (r *reader) embedded(p property) {
	if p.kind != object || len(p.value) < 16 {
		if len(r.file.Data) == 0 {
			r.file.Data = p.value
		}
		return
	}
	r.file.Data = p.value[16:]
	if r.depth >= depthMost {
		return
	}
	inner, err := read(r.file.Data, r.depth+1)
	if err != nil && inner.Text == "" && inner.HTML == "" && len(inner.Files) == 0 {
		return
	}
	name := inner.Subject
	if name == "" {
		name = "message"
	}
	r.file.Name, r.file.Type, r.file.Data = name+".txt", "text/plain", []byte(inner.Text)
	if inner.Text == "" && inner.HTML != "" {
		r.file.Name, r.file.Type, r.file.Data = name+".html", "text/html", []byte(inner.HTML)
	}
	r.msg.Files = append(r.msg.Files, inner.Files[:min(len(inner.Files), filesMost-min(filesMost, len(r.msg.Files)))]...)
	r.file = nil // the list has moved
}

// finish decodes the text forms, whose code pages are known only at the end.
func (r *reader) finish() {
	if r.msg.Text == "" && len(r.rawText) > 0 {
		r.msg.Text = strings.TrimRight(r.text8(r.rawText), "\x00")
	}
	if r.msg.HTML == "" && len(r.rawHTML) > 0 {
		set := r.cpid
		if set == "" {
			set = r.codepage
		}
		r.msg.HTML = field.Decode(r.rawHTML, set)
	}
	if len(r.rtf) > 0 && r.msg.HTML == "" {
		if rtf, err := decompress(r.rtf); err == nil {
			text, isHTML := fromRTF(rtf)
			if isHTML {
				r.msg.HTML = text
			} else if strings.TrimSpace(r.msg.Text) == "" {
				r.msg.Text = text
			}
		}
	}
}

func (r *reader) text8(b []byte) string {
	return field.Decode(b, r.codepage)
}

func (r *reader) text(p property) string {
	if p.kind == unicodeText {
		return field.Decode(p.value, "utf-16le")
	}
	return r.text8(p.value)
}

func codepage(n uint32) string {
	switch n {
	case 65001:
		return "utf-8"
	case 20127:
		return "us-ascii"
	case 28591:
		return "iso-8859-1"
	case 28605:
		return "iso-8859-15"
	case 20866:
		return "koi8-r"
	case 50220, 50221, 50222:
		return "iso-2022-jp"
	case 932, 936, 949, 950:
		return fmt.Sprintf("cp%d", n)
	case 874, 1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258:
		return fmt.Sprintf("windows-%d", n)
	}
	return "windows-1252"
}
