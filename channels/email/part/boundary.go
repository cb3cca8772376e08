package part

import "bytes"

const boundaryLimit = 500 // octets of a boundary; RFC 2046 section 5.1.1 allows 70

// cut returns what stands between the boundary lines of body (RFC 2046 section 5.1.1), or nil when there is no such line. The last
// piece may lack its end boundary. What follows the end boundary is left out unless another boundary line follows.
func cut(body []byte, boundary string) [][]byte {
	if boundary == "" || len(boundary) > boundaryLimit {
		return nil
	}
	var pieces [][]byte
	start := -1 // of the piece that is open
	for at := 0; at < len(body); {
		begin, next, end, ok := nextBoundary(body, at, boundary)
		if !ok {
			break
		}
		if start >= 0 {
			pieces = append(pieces, body[start:max(start, lineStartTrim(body, begin))])
		} else if pieces == nil {
			pieces = [][]byte{}
		}
		start = next
		if end {
			start = -1
		}
		at = next
	}
	if start >= 0 && start < len(body) {
		pieces = append(pieces, body[start:])
	}
	if len(pieces) > Most+1 {
		return pieces[:Most+1]
	}
	return pieces
}

// nextBoundary finds the next line that is the boundary, at or after at, which is the start of a line. begin is where the line
// starts, next where the one after it does; end says that it is the end boundary.
func nextBoundary(body []byte, at int, boundary string) (begin, next int, end, ok bool) {
	dashed := []byte("--" + boundary)
	for at < len(body) {
		i := bytes.Index(body[at:], dashed)
		if i < 0 {
			return 0, 0, false, false
		}
		begin = at + i
		after := begin + len(dashed)
		stop := bytes.IndexByte(body[after:], '\n')
		next = len(body)
		if stop >= 0 {
			next = after + stop + 1
		}
		if begin == 0 || body[begin-1] == '\n' {
			switch rest := bytes.TrimRight(body[after:next], " \t\r\n"); {
			case len(rest) == 0:
				return begin, next, false, true
			case bytes.HasPrefix(rest, []byte("--")) && len(bytes.TrimSpace(rest[2:])) == 0:
				return begin, next, true, true
			}
		}
		at = after
	}
	return 0, 0, false, false
}

// lineStartTrim returns at less the line end before it, which belongs to the boundary.
func lineStartTrim(body []byte, at int) int {
	if at > 0 && body[at-1] == '\n' {
		at--
		if at > 0 && body[at-1] == '\r' {
			at--
		}
	}
	return at
}

// guessBoundary finds the boundary of a multipart that does not say it, or says a wrong one: the first line that begins with two
// dashes, is followed by a header field or an empty line, and stands there again. It looks at the beginning only.
func guessBoundary(body []byte) string {
	lines, tried := 0, 0
	for at := 0; at < len(body) && lines < 1000 && tried < 20; lines++ {
		next := len(body)
		if i := bytes.IndexByte(body[at:], '\n'); i >= 0 {
			next = at + i + 1
		}
		line := bytes.TrimRight(body[at:next], " \t\r\n")
		if boundary, ok := bytes.CutPrefix(line, []byte("--")); ok && plausible(boundary) && beginsPart(body[next:]) {
			tried++
			if _, _, _, again := nextBoundary(body, next, string(boundary)); again {
				return string(boundary)
			}
		}
		at = next
	}
	return ""
}

func plausible(boundary []byte) bool {
	return len(boundary) > 0 && len(boundary) <= 70 && !bytes.ContainsAny(boundary, " \t") && len(bytes.Trim(boundary, "-")) > 0
}

func beginsPart(rest []byte) bool {
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	line = bytes.TrimRight(line, "\r")
	name, _, ok := bytes.Cut(line, []byte(":"))
	return len(line) == 0 || ok && len(name) >= 8 && bytes.EqualFold(name[:8], []byte("content-"))
}
