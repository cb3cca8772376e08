package agentui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"

	"sportello/agentui/web"
)

// The policies of our own pages: everything comes from here, and nothing is written inside a page.
const (
	policyPage = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; " +
		"media-src 'self' data:; connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; "
	policyConsole = policyPage + "frame-src 'self'; frame-ancestors 'none'"
)

// How long a browser keeps a file: those whose name holds a hash for ever, the others until it has asked.
const (
	cacheForever = "public, max-age=31536000, immutable"
	cacheAsk     = "no-cache"
	cacheHour    = "public, max-age=3600"
)

// static serves the built front end from memory. A path is looked up among the files that were there at the start: nothing is ever
// opened by a name that came from outside.
type static struct {
	files     map[string]*asset // by their path in dist
	built     bool
	ancestors string // frame-ancestors of the widget's page
}

// asset is one file.
type asset struct {
	data, gz []byte // gz is nil where it would not be smaller
	kind     string
	tag      string
}

// newStatic reads the front end. widgets are the origins of the websites that embed the chat.
func newStatic(dist fs.FS, widgets []string) (*static, error) {
	s := &static{files: map[string]*asset{}, ancestors: "'none'"}
	for i, o := range widgets {
		u, err := url.Parse(o)
		if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || strings.ContainsAny(o, " ;,'\"") {
			return nil, fmt.Errorf("origin of a website %q is not of the form https://host", o)
		}
		if i == 0 {
			s.ancestors = "'self'"
		}
		s.ancestors += " " + u.Scheme + "://" + u.Host
	}
	err := fs.WalkDir(dist, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Base(name)[0] == '.' {
			return err
		}
		data, err := fs.ReadFile(dist, name)
		if err != nil {
			return err
		}
		s.files[name], err = newAsset(name, data)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read front end: %w", err)
	}
	if _, s.built = s.files["index.html"]; !s.built {
		s.files["index.html"], err = newAsset("index.html", web.Placeholder())
	}
	return s, err
}

func newAsset(name string, data []byte) (*asset, error) {
	sum := sha256.Sum256(data)
	a := &asset{data: data, kind: mime.TypeByExtension(path.Ext(name)), tag: hex.EncodeToString(sum[:12])}
	switch {
	case strings.HasSuffix(name, ".js"):
		a.kind = "text/javascript; charset=utf-8"
	case a.kind == "":
		a.kind = "application/octet-stream"
	}
	var buf bytes.Buffer
	w, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	_, err = w.Write(data)
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, err
	}
	if buf.Len() < len(data)*9/10 {
		a.gz = buf.Bytes()
	}
	return a, nil
}

// ServeHTTP implements http.Handler.
func (s *static) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	name, policy, cache := s.find(r.URL.Path)
	a := s.files[name]
	if a == nil {
		w.Header().Set("Content-Security-Policy", policyConsole)
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Cache-Control", cache)
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
	if name == "loader/v1.js" || strings.HasPrefix(name, "assets/") {
		h.Set("Cross-Origin-Resource-Policy", "cross-origin") // a website's page takes them
	}
	a.serve(w, r)
}

// find is which file a path stands for, with its policy and how long it is kept.
func (s *static) find(p string) (name, policy, cache string) {
	switch {
	case p == "/" || p == "/app" || strings.HasPrefix(p, "/app/"):
		return "index.html", policyConsole, cacheAsk
	case p == "/w/v1.js":
		return "loader/v1.js", policyConsole, cacheHour
	case p == "/w/app" || strings.HasPrefix(p, "/w/app/"):
		return "widget.html", policyPage + "frame-ancestors " + s.ancestors, cacheAsk
	case strings.HasPrefix(p, "/assets/"):
		return p[1:], policyConsole, cacheForever
	case strings.HasSuffix(p, ".html") || strings.HasPrefix(p, "/loader/"):
		return "", policyConsole, cacheAsk // pages have one address each
	}
	return strings.TrimPrefix(p, "/"), policyConsole, cacheAsk
}

// serve sends a file, compressed if the browser can take it, or says that the browser has it.
func (a *asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	data, tag := a.data, `"`+a.tag+`"`
	if a.gz != nil {
		h.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Get("Accept-Encoding")) {
			data, tag = a.gz, `"`+a.tag+`-gz"`
			h.Set("Content-Encoding", "gzip")
		}
	}
	h.Set("Content-Type", a.kind)
	h.Set("ETag", tag)
	if has(r.Header.Get("If-None-Match"), tag) {
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", fmt.Sprint(len(data)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(data) // the client has gone if this fails
	}
}

// has reports whether a list of entity tags names one (RFC 9110 section 13.1.2; comparison is weak).
func has(list, tag string) bool {
	for t := range strings.SplitSeq(list, ",") {
		if t = strings.TrimPrefix(strings.TrimSpace(t), "W/"); t == tag || t == "*" {
			return true
		}
	}
	return false
}

// acceptsGzip reports whether gzip is among the codings and not refused with q=0 (RFC 9110 section 12.5.3).
func acceptsGzip(list string) bool {
	for coding := range strings.SplitSeq(list, ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(coding), ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			q = strings.ReplaceAll(q, " ", "")
			return strings.TrimRight(strings.TrimPrefix(q, "q="), "0.") != "" || q == ""
		}
	}
	return false
}
