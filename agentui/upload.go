package agentui

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"sportello/agentui/wire"
	"sportello/channels"
)

const (
	mostFile  = 20 << 20 // bytes of one file, and of all files of one message: what mail providers take, less what encoding adds
	mostFiles = 20       // of one message
	mostName  = 120      // runes of a file's name
)

// upload keeps a file that an agent will send. It is of no message until a reply names it; the same bytes are kept once.
func (s *Server) upload(c *call) (any, error) {
	name := fileName(c.r.URL.Query().Get("name"))
	if name == "" {
		return nil, invalid("name", "required")
	}
	body := http.MaxBytesReader(c.w, c.r.Body, mostFile)
	head, err := io.ReadAll(io.LimitReader(body, sniffed))
	if err != nil {
		return nil, badUpload(err)
	}
	if len(head) == 0 {
		return nil, invalid("file", "empty")
	}
	blob, size, err := s.Vault.Put(c.ctx, io.MultiReader(bytes.NewReader(head), body))
	if err != nil {
		return nil, badUpload(err)
	}
	p, err := s.inspected(c, channels.Part{Name: name, Type: fileType(head, name), Size: size, Blob: blob})
	return wire.Attachment{Blob: p.Blob, Name: p.Name, Type: p.Type, Size: p.Size}, err
}

// inspected is a file of an agent with what was found in it, or why it may not be sent (E-45). A reply's files are looked at too: a name
// and the bytes that it names are chosen anew there.
func (s *Server) inspected(c *call, p channels.Part) (channels.Part, error) {
	if s.Inspect == nil {
		return p, nil
	}
	p, err := s.Inspect(c.ctx, p)
	if err != nil {
		return p, err
	}
	named := func(status int, code string) error {
		return &refusal{status: status, code: code, fields: fields("name", p.Name, "threat", p.Threat)}
	}
	switch {
	case p.Check == channels.CheckInfected:
		return p, named(http.StatusUnprocessableEntity, "file_infected")
	case p.Check == channels.CheckForbidden:
		return p, named(http.StatusUnprocessableEntity, "file_forbidden")
	case p.Check == channels.CheckTooLarge:
		return p, named(http.StatusRequestEntityTooLarge, "file_too_large")
	case p.Check == channels.CheckUnscanned && !s.set.SendUnscanned:
		return p, named(http.StatusServiceUnavailable, "file_unscanned")
	}
	return p, nil
}

func badUpload(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return refuse(http.StatusRequestEntityTooLarge, "too_large")
	}
	return err
}

// parts are the files of a reply. What the client says of size and type is not believed: both are read from the vault.
func (s *Server) parts(c *call, files []wire.Attachment) ([]channels.Part, error) {
	if len(files) > mostFiles {
		return nil, invalid("files", "too_many")
	}
	var all []channels.Part
	var total int64
	for _, f := range files {
		p, err := s.part(c, f)
		if err != nil {
			return nil, err
		}
		if total += p.Size; total > mostFile {
			return nil, refuse(http.StatusRequestEntityTooLarge, "too_large")
		}
		all = append(all, p)
	}
	return all, nil
}

func (s *Server) part(c *call, f wire.Attachment) (channels.Part, error) {
	name := fileName(f.Name)
	if name == "" || !isBlob(f.Blob) {
		return channels.Part{}, invalid("files", "format")
	}
	r, err := s.Vault.Open(c.ctx, f.Blob)
	if err != nil {
		return channels.Part{}, err
	}
	defer r.Close() //nolint:errcheck // only read
	head, err := io.ReadAll(io.LimitReader(r, sniffed))
	if err != nil {
		return channels.Part{}, err
	}
	rest, err := io.Copy(io.Discard, io.LimitReader(r, mostFile))
	if err != nil {
		return channels.Part{}, err
	}
	return s.inspected(c, channels.Part{Name: name, Type: fileType(head, name), Size: int64(len(head)) + rest, Blob: f.Blob})
}

// isBlob reports whether an id can be one of the vault's.
func isBlob(id channels.BlobID) bool {
	return len(id) == 64 && !strings.ContainsFunc(string(id), func(r rune) bool { return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'f') })
}

// sniffed is how many bytes tell a file's type.
const sniffed = 512

// fileType is the type that the bytes show. Where they show only a container or nothing (an office document is a zip), the name's
// ending decides among the types that are no page.
func fileType(head []byte, name string) string {
	found, _, _ := strings.Cut(http.DetectContentType(head), ";")
	if !slices.Contains([]string{"application/octet-stream", "application/zip", "text/plain"}, found) {
		return found
	}
	stated, known := fileTypes[strings.ToLower(filepath.Ext(name))]
	if known && (found != "text/plain" || strings.HasPrefix(stated, "text/")) {
		return stated
	}
	return found
}

// fileTypes are the types of common files that their bytes do not show. The host's own table is not asked: hosts differ.
var fileTypes = map[string]string{
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	".odt":  "application/vnd.oasis.opendocument.text", ".ods": "application/vnd.oasis.opendocument.spreadsheet",
	".doc": "application/msword", ".xls": "application/vnd.ms-excel", ".ppt": "application/vnd.ms-powerpoint",
	".csv": "text/csv", ".ics": "text/calendar", ".vcf": "text/vcard", ".heic": "image/heic", ".p7m": "application/pkcs7-mime",
}

// fileName makes a name that is safe to show, to store and to send: no path, no control or direction characters, not hidden, not too
// long with its ending kept.
func fileName(name string) string {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`"<>:|?*`+"`", r) || !unicode.IsPrint(r) || r == utf8.RuneError {
			return '_'
		}
		return r
	}, name)
	name = strings.Trim(name, " .")
	if runes := []rune(name); len(runes) > mostName {
		ext := []rune(filepath.Ext(name))
		if len(ext) > 10 {
			ext = nil
		}
		name = string(runes[:mostName-len(ext)]) + string(ext)
	}
	return name
}
