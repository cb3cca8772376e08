package part

import (
	"bytes"
	"strings"
)

// Packed is a file that stood within text, uuencoded or in yEnc, as before MIME.
type Packed struct {
	Name string
	Data []byte
}

const packedLimit = 100 // files unpacked of one text

// Unpack takes the files out of text and returns them and the text that is left.
func Unpack(text []byte) (files []Packed, rest []byte) {
	if !bytes.Contains(text, []byte("begin ")) && !bytes.Contains(text, []byte("=ybegin ")) {
		return nil, text
	}
	at, kept := 0, 0
	for at < len(text) && len(files) < packedLimit {
		line, next := lineAt(text, at)
		var f Packed
		end := 0
		switch {
		case bytes.HasPrefix(line, []byte("begin ")):
			f, end = readUU(line, text, next)
		case bytes.HasPrefix(line, []byte("=ybegin ")):
			f, end = readYEnc(line, text, next)
		}
		if end > 0 {
			files = append(files, f)
			rest = append(rest, text[kept:at]...)
			at, kept = end, end
			continue
		}
		at = next
	}
	if files == nil {
		return nil, text
	}
	return files, append(rest, text[kept:]...)
}

func lineAt(text []byte, at int) (line []byte, next int) {
	end := bytes.IndexByte(text[at:], '\n')
	if end < 0 {
		return text[at:], len(text)
	}
	return bytes.TrimSuffix(text[at:at+end], []byte("\r")), at + end + 1
}

// readUU reads "begin 644 name", lines of a length and that many bytes, and "end". It returns 0 when it is not that.
func readUU(head, text []byte, at int) (f Packed, end int) {
	words := strings.SplitN(string(head), " ", 3)
	if len(words) < 3 || len(words[1]) < 3 || len(words[1]) > 4 || strings.Trim(words[1], "01234567") != "" {
		return f, 0
	}
	f.Name = strings.TrimSpace(words[2])
	for at < len(text) {
		line, next := lineAt(text, at)
		at = next
		trimmed := bytes.TrimRight(line, " \t")
		if string(trimmed) == "end" {
			return f, at
		}
		if len(trimmed) == 0 || string(trimmed) == "`" {
			continue
		}
		n := int(line[0]-' ') & 63
		if line[0] < ' ' || line[0] > '`' || len(line) > 90 {
			return f, 0
		}
		f.Data = appendUU(f.Data, line[1:], n)
	}
	return f, 0
}

func appendUU(out, line []byte, n int) []byte {
	for i := 0; n > 0; i += 4 {
		var v [4]int
		for j := range v {
			if i+j < len(line) {
				v[j] = int(line[i+j]-' ') & 63
			}
		}
		three := [3]byte{byte(v[0]<<2 | v[1]>>4), byte(v[1]<<4 | v[2]>>2), byte(v[2]<<6 | v[3])}
		out = append(out, three[:min(n, 3)]...)
		n -= 3
	}
	return out
}

// readYEnc reads "=ybegin … name=x", lines in which every byte is 42 more, and "=yend".
func readYEnc(head, text []byte, at int) (f Packed, end int) {
	_, name, ok := bytes.Cut(head, []byte(" name="))
	if !ok {
		return f, 0
	}
	f.Name = strings.TrimSpace(string(name))
	for at < len(text) {
		line, next := lineAt(text, at)
		at = next
		switch {
		case bytes.HasPrefix(line, []byte("=yend")):
			return f, at
		case bytes.HasPrefix(line, []byte("=ybegin ")):
			return f, 0
		case bytes.HasPrefix(line, []byte("=ypart ")):
			continue
		}
		for i := 0; i < len(line); i++ {
			c := line[i]
			if c == '=' && i+1 < len(line) {
				i++
				c = line[i] - 64
			}
			f.Data = append(f.Data, c-42)
		}
	}
	return f, 0
}
