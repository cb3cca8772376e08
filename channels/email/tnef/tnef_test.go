package tnef

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// builder writes a wrapping.
type builder struct{ bytes.Buffer }

func le32(n int) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(n)) }

func wrap() *builder {
	b := &builder{}
	b.Write(le32(signature))
	b.Write([]byte{1, 0})
	return b
}

func (b *builder) attribute(level byte, id int, value []byte) *builder {
	b.WriteByte(level)
	b.Write(le32(id))
	b.Write(le32(len(value)))
	b.Write(value)
	sum := 0
	for _, c := range value {
		sum += int(c)
	}
	b.Write([]byte{byte(sum), byte(sum >> 8)})
	return b
}

// props writes properties, each written by one of the functions below.
func props(list ...[]byte) []byte {
	return append(le32(len(list)), bytes.Join(list, nil)...)
}

func prop(id, kind int, value []byte) []byte {
	out := []byte{byte(kind), byte(kind >> 8), byte(id), byte(id >> 8)}
	if kind == 3 {
		return append(out, value...)
	}
	out = append(append(out, le32(1)...), le32(len(value))...)
	out = append(out, value...)
	return append(out, make([]byte, (4-len(value)%4)%4)...)
}

func wideText(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s + "\x00")) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}

// squeeze compresses with references into the dictionary wherever four or more bytes stand there already.
func squeeze(s string) []byte {
	dict := make([]byte, 4096)
	at := copy(dict, primer)
	var body, run []byte
	var control byte
	bit := 0
	token := func(ref bool, b ...byte) {
		if ref {
			control |= 1 << bit
		}
		run = append(run, b...)
		if bit++; bit == 8 {
			body = append(append(body, control), run...)
			control, run, bit = 0, nil, 0
		}
	}
	for i := 0; i < len(s); {
		found, length := -1, min(17, len(s)-i)
		for ; length >= 4 && found < 0; length-- {
			found = bytes.Index(dict[:at], []byte(s[i:i+length]))
		}
		length++
		if found >= 0 {
			token(true, byte((found<<4|(length-2))>>8), byte(found<<4|(length-2)))
		} else {
			length = 1
			token(false, s[i])
		}
		for range length {
			dict[at] = s[i]
			at++
			i++
		}
	}
	token(true, byte(at<<4>>8), byte(at<<4))
	body = append(append(body, control), run...)
	out := append(le32(len(body)+12), le32(len(s))...)
	return append(append(append(out, le32(compressed)...), 0, 0, 0, 0), body...)
}

const helloRTF = `{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0 Arial;}}{\*\generator x;}\uc1\pard Buongiorno, citt\'e0 \u8364?\u-10179?\u-8704?\par\tab due \{graffe\}\par}`

const htmlRTF = `{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\fonttbl{\f0 Arial;}}{\*\htmltag64 <html>}{\*\htmltag84 <p class="x">}\htmlrtf {\f0 \htmlrtf0 citt\'e0 &amp; \{x\}` +
	`\htmlrtf }\htmlrtf0 {\*\mhtmltag84 <p>}{\*\htmltag92 </p>}\htmlrtf \par \htmlrtf0 {\*\htmltag116 <br>}{\*\htmltag72 </html>}}`

func TestE40CompressedRTF(t *testing.T) {
	for _, s := range []string{helloRTF, htmlRTF, "", strings.Repeat("abc", 200)} {
		data := squeeze(s)
		out, err := decompress(data)
		if err != nil || string(out) != s {
			t.Errorf("%v\n%q\n%q", err, out, s)
		}
		if s == helloRTF && len(data) > len(s) {
			t.Errorf("the test's compression does not refer to the dictionary: %d of %d", len(data), len(s))
		}
	}
	if text, isHTML := fromRTF([]byte(helloRTF)); isHTML || text != "Buongiorno, città €😀\n\tdue {graffe}\n" {
		t.Errorf("%q", text)
	}
	if text, isHTML := fromRTF([]byte(htmlRTF)); !isHTML || text != `<html><p class="x">città &amp; {x}</p><br></html>` {
		t.Errorf("%q", text)
	}
}

func TestE40Wrapping(t *testing.T) {
	inner := wrap().attribute(1, attSubject, []byte("Dentro\x00")).attribute(1, attBody, []byte("testo\x00")).Bytes()
	data := wrap().
		attribute(1, attCodepage, append(le32(1252), le32(0)...)).
		attribute(1, attSubject, []byte("Citt\xe0\x00")).
		attribute(1, attMessageProps, props(
			prop(0x8001, 3, append(append(make([]byte, 16), le32(0)...), append(le32(5), le32(7)...)...)),
			prop(0x1009, binaryData, squeeze(helloRTF)))).
		attribute(2, attRendData, make([]byte, 14)).attribute(2, attTitle, []byte("FATTUR~1.PDF\x00")).attribute(2, attData, []byte("%PDF-1.4")).
		attribute(2, attFileProps, props(prop(0x3707, unicodeText, wideText("fattura €.pdf")), prop(0x370E, text8, []byte("application/pdf\x00")))).
		attribute(2, attRendData, make([]byte, 14)).attribute(2, attTitle, []byte("logo.png\x00")).attribute(2, attData, []byte("PNG")).
		attribute(2, attFileProps, props(prop(0x3712, text8, []byte("logo@x\x00")))).
		attribute(2, attRendData, make([]byte, 14)).attribute(2, attFileProps, props(prop(0x3701, object, append(make([]byte, 16), inner...)))).Bytes()
	m, err := Read(data)
	if err != nil || m.Subject != "Città" || !strings.HasPrefix(m.Text, "Buongiorno, città €") || m.HTML != "" || len(m.Files) != 3 {
		t.Fatalf("%v %+v", err, m)
	}
	if f := m.Files[0]; f.Name != "fattura €.pdf" || f.Type != "application/pdf" || string(f.Data) != "%PDF-1.4" {
		t.Errorf("%+v", f)
	}
	if f := m.Files[1]; f.Name != "logo.png" || f.CID != "logo@x" || string(f.Data) != "PNG" {
		t.Errorf("%+v", f)
	}
	if f := m.Files[2]; f.Name != "Dentro.txt" || string(f.Data) != "testo" {
		t.Errorf("%+v", f)
	}
	if m, err := Read(data[:len(data)-20]); err == nil || len(m.Files) != 3 {
		t.Errorf("cut off: %v %d files", err, len(m.Files))
	}
	if _, err := Read([]byte("no")); err != ErrFormat {
		t.Error(err)
	}
	html := wrap().attribute(1, attMessageProps, props(prop(0x3FDE, 3, le32(65001)), prop(0x1013, binaryData, []byte("<p>città")), prop(0x1000, unicodeText, wideText("città")))).Bytes()
	if m, err := Read(html); err != nil || m.HTML != "<p>città" || m.Text != "città" {
		t.Errorf("%v %+v", err, m)
	}
}

// FuzzTNEF: any bytes are unpacked in time, within the limits, to text that can be stored.
func FuzzTNEF(f *testing.F) {
	f.Add(wrap().attribute(1, attMessageProps, props(prop(0x1009, binaryData, squeeze(htmlRTF)))).Bytes())
	f.Add(wrap().attribute(2, attRendData, nil).attribute(2, attFileProps, props(prop(0x3701, object, append(make([]byte, 16), wrap().Bytes()...)))).Bytes())
	f.Add([]byte(helloRTF))
	f.Fuzz(func(t *testing.T, data []byte) {
		start := time.Now()
		m, _ := Read(data)
		rtf, _ := fromRTF(data)
		if out, err := decompress(data); err == nil && len(out) > rtfMost+200 {
			t.Errorf("%d bytes", len(out))
		}
		if !utf8.ValidString(m.Text+m.HTML+m.Subject+rtf) || len(m.Files) > filesMost {
			t.Errorf("%+v", m)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("took %v", took)
		}
	})
}
