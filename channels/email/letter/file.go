package letter

import (
	"bytes"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"sportello/channels"
	"sportello/channels/email/field"
	"sportello/channels/email/part"
)

const nameLimit = 120 // runes of a file name

// newFile makes a File of a part. n is its position among the mail's files, from 1. It is inline when the mail's HTML shows it by its
// Content-ID, whatever its disposition says, or when it is an image without one that stands among the text, as Apple's mail program
// puts it (E-39).
func newFile(p *part.Part, shown map[string]bool, n int) File {
	kind := Sniff(p.Data, p.Type)
	cid := field.Clip(field.OneLine(p.CID), nameLimit)
	name := p.Name
	if name == "" && (kind == "message/rfc822" || kind == "message/global") {
		name = attachedName(p.Data)
	}
	return File{
		Part: channels.Part{
			Name:   SafeName(name, kind, n),
			Type:   kind,
			Size:   int64(len(p.Data)),
			CID:    cid,
			Inline: shown[cid] && cid != "" || p.Disposition == "inline" && cid == "" && strings.HasPrefix(kind, "image/"),
		},
		Data: p.Data,
	}
}

// attachedName names a mail within a mail by its subject.
func attachedName(raw []byte) string {
	h, _ := field.Split(field.TrimMailbox(raw))
	if subject := field.Words(h.Get("subject")); subject != "" {
		return strings.NewReplacer("/", "_", `\`, "_").Replace(field.Clip(subject, nameLimit-4)) + ".eml"
	}
	return ""
}

var cidReference = regexp.MustCompile(`(?i)\bcid:([^"'\s<>)]+)`)

// shownCIDs returns the Content-IDs that HTML refers to.
func shownCIDs(markup string) map[string]bool {
	shown := make(map[string]bool)
	for _, m := range cidReference.FindAllStringSubmatch(markup, -1) {
		cid := html.UnescapeString(m[1])
		shown[cid] = true
		if plain, err := url.PathUnescape(cid); err == nil {
			shown[plain] = true
		}
	}
	return shown
}

// Sniff returns the media type that the bytes show, or the stated one where they show nothing in particular. A file whose bytes
// contradict its label (HTML called an image) gets the type of its bytes. The first 512 bytes are enough.
func Sniff(data []byte, stated string) string {
	for _, p := range programs {
		if bytes.HasPrefix(data, []byte(p.magic)) && (p.magic != "MZ" || bytes.IndexByte(data[:min(len(data), 64)], 0) >= 0) {
			return p.kind
		}
	}
	stated = strings.ToLower(strings.TrimSpace(stated))
	if !strings.Contains(stated, "/") || strings.HasPrefix(stated, "multipart/") || strings.ContainsAny(stated, " \"<>") {
		stated = "application/octet-stream"
	}
	found, _, _ := strings.Cut(http.DetectContentType(data), ";")
	switch found {
	case "application/octet-stream", "text/plain", "application/zip", "text/xml", "application/x-gzip":
		if strings.HasPrefix(stated, "image/") && stated != "image/svg+xml" && (found == "text/plain" || found == "application/zip") {
			return found
		}
		return stated
	}
	if stated == "application/octet-stream" || !strings.EqualFold(stated, found) && found != "video/webm" && found != "application/ogg" {
		return found
	}
	return stated
}

// programs are what a computer runs, by their first bytes: a label that says otherwise is a trick. Words can begin with MZ too.
var programs = []struct{ magic, kind string }{
	{"MZ", "application/vnd.microsoft.portable-executable"}, {"\x7fELF", "application/x-elf"}, {"#!", "text/x-shellscript"},
	{"\xcf\xfa\xed\xfe", "application/x-mach-binary"}, {"\xce\xfa\xed\xfe", "application/x-mach-binary"}, {"\xca\xfe\xba\xbe", "application/java-vm"},
	{"L\x00\x00\x00\x01\x14\x02\x00", "application/x-ms-shortcut"},
}

// SafeName makes a file name that is safe to show, to store and to send: no path, no control or direction characters, no quotes, no run of
// blanks that would push its ending out of sight, not the name of a device of Windows, not empty, not hidden, not too long with its
// extension kept.
func SafeName(name, kind string, n int) string {
	name = field.Words(name)
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`"<>:|?*`+"`", r) || !unicode.IsPrint(r) {
			return '_'
		}
		return r
	}, name)
	name = strings.Trim(strings.Join(strings.Fields(name), " "), " .")
	if device(name) {
		name = "_" + name
	}
	if name == "" {
		return "attachment-" + strconv.Itoa(n) + extension(kind)
	}
	if runes := []rune(name); len(runes) > nameLimit {
		ext := ""
		if i := strings.LastIndexByte(name, '.'); i >= 0 && len(name)-i <= 10 {
			ext = name[i:]
		}
		name = string(runes[:nameLimit-len([]rune(ext))]) + ext
	}
	return name
}

// device reports whether Windows takes a name for a device, whatever its ending: CON, NUL, COM1 and their like.
func device(name string) bool {
	base, _, _ := strings.Cut(strings.ToLower(name), ".")
	switch base = strings.TrimSpace(base); base {
	case "con", "prn", "aux", "nul":
		return true
	}
	port := strings.HasPrefix(base, "com") || strings.HasPrefix(base, "lpt")
	return port && len([]rune(base)) == 4 && strings.ContainsAny(base[3:], "0123456789¹²³")
}

// extension returns the customary extension of a media type with its dot, or "". It does not ask the host, whose tables differ.
func extension(kind string) string {
	switch kind {
	case "application/pdf", "application/zip", "application/xml", "application/json", "image/png", "image/gif", "image/webp", "image/bmp",
		"image/heic", "text/csv", "text/html", "text/xml", "audio/ogg", "video/mp4":
		_, name, _ := strings.Cut(kind, "/")
		return "." + name
	case "image/jpeg":
		return ".jpg"
	case "text/plain", "message/delivery-status", "message/disposition-notification", "text/rfc822-headers":
		return ".txt"
	case "message/rfc822", "message/global":
		return ".eml"
	case "text/calendar":
		return ".ics"
	case "text/vcard", "text/x-vcard":
		return ".vcf"
	case "audio/mpeg":
		return ".mp3"
	case "application/ms-tnef", "application/vnd.ms-tnef":
		return ".dat"
	}
	return ""
}
