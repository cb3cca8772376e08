package agentui

import (
	"archive/zip"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sportello/channels"
	"sportello/inbox"
)

// What strangers sent is shown under a policy of its own, in which nothing runs and nothing is fetched.
const (
	policyFile = "default-src 'none'; sandbox; frame-ancestors 'self'"
	policyHTML = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; " +
		"frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
	policyImages = "default-src 'none'; style-src 'unsafe-inline'; img-src data: https: http:; base-uri 'none'; form-action 'none'; " +
		"frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)

// shown are the types of files that a browser may show rather than save; SVG is not among them, for it is a document.
var shown = []string{"image/png", "image/jpeg", "image/gif", "image/webp"}

// message finds the message that the path names, if its conversation may be read.
func (s *Server) message(c *call) (inbox.Message, error) {
	id, err := pathID(c.r.PathValue("id"))
	if err != nil {
		return inbox.Message{}, err
	}
	m, err := s.Ledger.Message(c.ctx, inbox.MessageID(id))
	if err != nil {
		return inbox.Message{}, err
	}
	conv, err := s.Ledger.Conversation(c.ctx, m.Conversation)
	if err != nil {
		return inbox.Message{}, err
	}
	return m, allow(c.me, verbRead, conv)
}

// messageHTML is the HTML of a message as a document for a sandboxed frame. Images that came with the message are inside it: a
// sandboxed frame has no cookie with which it could fetch them. Those of other servers are let in by ?images=1 only,
// and where the message may have any. With ?dark=1 a mail without colours of its own is light on dark.
func (s *Server) messageHTML(c *call) (any, error) {
	m, err := s.message(c)
	if err != nil {
		return nil, err
	}
	if m.HTML == "" {
		return nil, errNotFound
	}
	remote := c.r.URL.Query().Get("images") == "1" && m.RemoteImages
	left := int64(mostInlined)
	labels, ok := folds[c.r.URL.Query().Get("lang")]
	if !ok {
		labels = folds["it"]
	}
	doc, err := shower{
		image: func(cid string) string { return s.inlined(c, m, cid, &left) }, remote: remote, labels: labels, dark: c.r.URL.Query().Get("dark") == "1",
	}.document(m.HTML)
	if err != nil {
		return nil, &refusal{status: http.StatusUnprocessableEntity, code: "bad_html", detail: err.Error()}
	}
	h := c.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "private, no-store")
	h.Set("X-DNS-Prefetch-Control", "off")
	h.Set("Content-Security-Policy", policyHTML)
	if remote {
		h.Set("Content-Security-Policy", policyImages)
	}
	_, _ = c.w.Write(doc) // the client has gone if this fails
	return streamed{}, nil
}

// mostInlined is how many bytes of images a message's document holds, however often it shows them.
const mostInlined = 24 << 20

// inlined is the image that a cid names as a data: URL, or "". left is how many bytes there may still be.
func (s *Server) inlined(c *call, m inbox.Message, cid string, left *int64) string {
	most := int64(4 << 20)
	i := slices.IndexFunc(m.Parts, func(p channels.Part) bool { return p.CID == cid })
	if i < 0 || m.Parts[i].Check.Held() || m.Parts[i].Size > min(most, *left) || !slices.Contains(shown, m.Parts[i].Type) {
		return ""
	}
	*left -= m.Parts[i].Size
	r, err := s.Vault.Open(c.ctx, m.Parts[i].Blob)
	if err != nil {
		s.Log.Warn("inline image not read", "message", m.ID, "err", err)
		return ""
	}
	defer r.Close() //nolint:errcheck // only read
	data, err := io.ReadAll(io.LimitReader(r, most))
	if err != nil {
		s.Log.Warn("inline image not read", "message", m.ID, "err", err)
		return ""
	}
	return dataURL(m.Parts[i].Type, data)
}

// messageRaw is the message as it came, to be saved.
func (s *Server) messageRaw(c *call) (any, error) {
	m, err := s.message(c)
	if err != nil {
		return nil, err
	}
	if m.Raw == "" {
		return nil, errNotFound
	}
	if slices.ContainsFunc(m.Parts, infected) {
		return nil, refuse(http.StatusForbidden, "file_held")
	}
	name := "message-" + string(m.ID) + ".txt"
	if m.Kind == channels.Email {
		name = "message-" + string(m.ID) + ".eml"
	}
	return s.file(c, m.Raw, "application/octet-stream", "attachment", name)
}

// infected reports whether a file must not leave the vault even within the mail that it came with.
func infected(p channels.Part) bool { return p.Check == channels.CheckInfected }

// messagePart is one file of a message; n counts from 0.
func (s *Server) messagePart(c *call) (any, error) {
	m, err := s.message(c)
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(c.r.PathValue("n"))
	if err != nil || n < 0 || n >= len(m.Parts) {
		return nil, errNotFound
	}
	p := m.Parts[n]
	if p.Check.Held() {
		return nil, refuse(http.StatusForbidden, "file_held")
	}
	if slices.Contains(shown, p.Type) {
		return s.file(c, p.Blob, p.Type, "inline", p.Name)
	}
	return s.file(c, p.Blob, "application/octet-stream", "attachment", p.Name)
}

// messageParts is all files of a message as one archive, without those that are held.
func (s *Server) messageParts(c *call) (any, error) {
	m, err := s.message(c)
	if err != nil {
		return nil, err
	}
	parts := slices.DeleteFunc(slices.Clone(m.Parts), func(p channels.Part) bool { return p.Check.Held() })
	if len(parts) == 0 {
		return nil, errNotFound
	}
	h := c.w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", `attachment; filename="message-`+string(m.ID)+`.zip"`)
	h.Set("Content-Security-Policy", policyFile)
	h.Set("Cache-Control", "private, no-store")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if err := s.archive(c.ctx, c.w, parts); err != nil {
		s.Log.Warn("archive not sent to its end", "message", m.ID, "err", err)
		panic(http.ErrAbortHandler) // cut, so that no half archive looks whole
	}
	return streamed{}, nil
}

// archive writes files as a zip, each once under a name of its own.
func (s *Server) archive(ctx context.Context, w io.Writer, parts []channels.Part) error {
	z := zip.NewWriter(w)
	used := map[string]bool{}
	for i, p := range parts {
		name := p.Name
		if used[strings.ToLower(name)] {
			name = strconv.Itoa(i+1) + "-" + name
		}
		used[strings.ToLower(name)] = true
		r, err := s.Vault.Open(ctx, p.Blob)
		if err != nil {
			return err
		}
		to, err := z.Create(name)
		if err == nil {
			_, err = io.Copy(to, r)
		}
		if err := errors.Join(err, r.Close()); err != nil {
			return err
		}
	}
	return z.Close()
}

// file sends bytes of the vault.
func (s *Server) file(c *call, blob channels.BlobID, kind, disposition, name string) (any, error) {
	r, err := s.Vault.Open(c.ctx, blob)
	if err != nil {
		return nil, err
	}
	defer r.Close() //nolint:errcheck // only read
	as := mime.FormatMediaType(disposition, map[string]string{"filename": name})
	if as == "" {
		as = disposition // a name that cannot be written
	}
	h := c.w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", as)
	h.Set("Content-Security-Policy", policyFile)
	h.Set("Cache-Control", "private, max-age=3600")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if _, err := io.Copy(c.w, r); err != nil {
		s.Log.Debug("file not sent to its end", "err", err)
	}
	return streamed{}, nil
}
