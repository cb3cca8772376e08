package agentui

import (
	"archive/zip"
	"encoding/base64"
	"io"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"sportello/channels"
	"sportello/inbox/db"
	"sportello/inbox/inboxtest"
)

// png is the beginning of a picture; nobody decodes it.
const png = "\x89PNG\r\n\x1a\n"

// hostile is what no sanitiser should let through; here it is as if one had.
const hostile = `<p onclick="steal()">Ciao <img src="cid:logo@x"><img data-src="https://track.example/p.png"><img src="https://track.example/q.png">
<script>steal()</script><svg onload=steal()></svg><iframe src="https://evil.example"></iframe><form action="https://evil.example"><input name=p></form>
<a href="java&#10;script:steal()" target="_top">qui</a><a href="https://shop.example">là</a><base href="https://evil.example"><table><tr><td><b>aperto`

// put stores bytes in the vault.
func (r *rig) put(s string) channels.BlobID {
	r.t.Helper()
	id, _, err := r.vault.Put(r.t.Context(), strings.NewReader(s))
	if err != nil {
		r.t.Fatal(err)
	}
	return id
}

// full is a mail with everything, in a conversation of anna.
func (r *rig) full() channels.Accepted {
	r.t.Helper()
	picture, page, raw := r.put(png), r.put("<script>steal()</script>"), r.put("From: x\r\n\r\nraw")
	return r.mail("cliente@example.it", "Ciao", func(in *channels.Inbound) {
		in.HTML, in.Raw = hostile, raw
		in.Parts = []channels.Part{
			{Name: "logo.png", Type: "image/png", Size: int64(len(png)), Blob: picture, Inline: true, CID: "logo@x"},
			{Name: "pagina \"x\".html", Type: "text/html", Size: 24, Blob: page},
			{Name: "lost.pdf", Type: "application/pdf", Size: 1, Blob: channels.BlobID(strings.Repeat("0", 64))},
		}
	})
}

func TestHTMLDocumentHasNothingThatRunsOrLoads(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		b, m := r.as("anna"), r.full()
		body, res := b.text("/api/messages/" + m.Message + "/html")
		if res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
			t.Fatalf("%d %s", res.StatusCode, body)
		}
		policy := res.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "img-src data:;", "sandbox", "form-action 'none'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("the policy lacks %q: %s", want, policy)
			}
		}
		for _, bad := range []string{"steal", "<script", "<svg", "<iframe", "<form", "<input", "onclick", "evil.example", "track.example", "_top"} {
			if strings.Contains(body, bad) {
				t.Errorf("%q is there: %s", bad, body)
			}
		}
		for _, want := range []string{"data:image/png;base64," + base64.StdEncoding.EncodeToString([]byte(png)), "https://shop.example", "</b></td>"} {
			if !strings.Contains(body, want) {
				t.Errorf("%q is missing: %s", want, body)
			}
		}
		body, res = b.text("/api/messages/" + m.Message + "/html?images=1")
		if !strings.Contains(body, `src="https://track.example/p.png"`) || !strings.Contains(res.Header.Get("Content-Security-Policy"), "https:") {
			t.Errorf("images were not let in: %s", body)
		}
	})
}

// E-42: what was decrypted and may have been changed on its way loads nothing from elsewhere, whoever asks: that would carry it away.
func TestE42UnprotectedMailLoadsNothing(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	b := r.as("anna")
	for unprotected, want := range map[bool]bool{true: false, false: true} {
		m := r.mail("cliente@example.it", "Ciao", func(in *channels.Inbound) {
			in.HTML = `<p>SEGRETO <img data-src="https://track.example/p.png"></p>`
			in.Details.Crypt = &channels.Crypt{Kind: "smime", Encrypted: true, Opened: true, Unprotected: unprotected}
		})
		body, res := b.text("/api/messages/" + m.Message + "/html?images=1")
		policy := res.Header.Get("Content-Security-Policy")
		if strings.Contains(body, "track.example") != want || strings.Contains(policy, "https:") != want || !strings.Contains(body, "SEGRETO") {
			t.Errorf("unprotected %v: %s %s", unprotected, policy, body)
		}
	}
}

// E-43: a mail without colours of its own is read on the console's ground; one with colours keeps the white for which it was made.
func TestE43ADarkConsoleDarkensOnlyWhatHasNoColours(t *testing.T) {
	for body, dark := range map[string]bool{
		"<p>Hello <b>you</b></p>": true, `<p style="margin: 0">Hello</p>`: true, `<p style="color: #333">Hello</p>`: false,
		`<table bgcolor="#ffffff"><tr><td>Hello</td></tr></table>`: false, `<div style="background-color: white">Hello</div>`: false,
	} {
		for _, asked := range []bool{true, false} {
			doc, err := shower{dark: asked}.document(body)
			if err != nil {
				t.Fatal(err)
			}
			if is := strings.Contains(string(doc), "color-scheme:dark"); is != (asked && dark) {
				t.Errorf("%s: dark %v, asked for %v", body, is, asked)
			}
		}
	}
}

func TestFilesAreSavedAndNotRun(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	b, m := r.as("anna"), r.full()
	path := "/api/messages/" + m.Message
	for _, c := range []struct {
		path, disposition, kind, body string
	}{
		{"/parts/0", "inline; filename=logo.png", "image/png", png},
		{"/parts/1", `attachment; filename="pagina \"x\".html"`, "application/octet-stream", "<script>steal()</script>"},
		{"/raw", "attachment; filename=message-" + m.Message + ".eml", "application/octet-stream", "From: x\r\n\r\nraw"},
	} {
		body, res := b.text(path + c.path)
		h := res.Header
		if body != c.body || h.Get("Content-Disposition") != c.disposition || h.Get("Content-Type") != c.kind {
			t.Errorf("%s: %q, %q, %q", c.path, body, h.Get("Content-Disposition"), h.Get("Content-Type"))
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("%s: %v", c.path, h)
		}
	}
	for _, gone := range []string{"/parts/2", "/parts/3", "/parts/-1", "/parts/x", "/parts/..%2f0"} {
		if code := b.do("GET", path+gone, nil, nil); code != 404 {
			t.Errorf("%s: %d", gone, code)
		}
	}
	if code := r.browser().do("GET", path+"/raw", nil, nil); code != 401 {
		t.Errorf("a stranger: %d", code)
	}
}

func TestE45AllFilesInOneArchive(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	b := r.as("anna")
	m := r.mail("cliente@example.it", "Ciao", func(in *channels.Inbound) {
		in.Parts = []channels.Part{
			{Name: "a.txt", Type: "text/plain", Size: 3, Blob: r.put("uno")}, {Name: "A.txt", Type: "text/plain", Size: 3, Blob: r.put("due")},
		}
	})
	body, res := b.text("/api/messages/" + m.Message + "/parts.zip")
	z, err := zip.NewReader(strings.NewReader(body), int64(len(body)))
	if err != nil || len(z.File) != 2 || z.File[0].Name != "a.txt" || z.File[1].Name != "2-A.txt" {
		t.Fatalf("%d %v %v", res.StatusCode, err, z)
	}
	if h := res.Header; !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") || h.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%v", h)
	}
	if code := b.do("GET", "/api/messages/"+r.mail("altro@example.it", "Ciao", nil).Message+"/parts.zip", nil, nil); code != 404 {
		t.Errorf("without files: %d", code)
	}
	lost := r.full()
	if res, err := b.http.Get(b.base + "/api/messages/" + lost.Message + "/parts.zip"); err == nil {
		_, err = io.Copy(io.Discard, res.Body)
		if res.Body.Close(); err == nil {
			t.Error("an archive without one of its files was sent to its end")
		}
	}
}

func TestE44QuotesAreFoldedInTheFrame(t *testing.T) {
	show := shower{image: func(string) string { return "" }, labels: folds["it"]}
	for from, want := range map[string]string{
		`<p>Grazie</p><div data-fold="quote"><blockquote>Prima</blockquote></div>`: `<p>Grazie</p><details class="sportello-fold">` +
			`<summary>Mostra testo citato</summary><div data-fold="quote"><blockquote>Prima</blockquote></div></details>`,
		`<blockquote data-fold="quote">Prima</blockquote>`: `<details class="sportello-fold" open=""><summary>Mostra testo citato</summary>` +
			`<blockquote data-fold="quote">Prima</blockquote></details>`,
		`<blockquote>massima</blockquote>`:          `<blockquote>massima</blockquote>`,
		`<p>Vedi</p><p data-fold="forwarded">a</p>`: `<p>Vedi</p><p data-fold="forwarded">a</p>`,
	} {
		got, err := show.document(from)
		if err != nil || string(got) != frameHead+frameBody+want+frameFoot {
			t.Errorf("%s, %v", got, err)
		}
	}
}

func TestPathsLeadNowhere(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	b := r.as("mara")
	for _, path := range []string{
		"/api/messages/..%2f..%2fetc%2fpasswd/raw", "/api/messages/00000000-0000-0000-0000-000000000000/raw", "/api/messages/x/html",
		"/assets/..%2findex.html", "/assets/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd", "/.gitkeep", "/index.html", "/widget.html",
		"/loader/v1.js", "/api/conversations/-1", "/api/conversations/9223372036854775808", "/api/nothing", "/etc/passwd",
		"/api/customers/%00",
	} {
		body, res := b.text(path)
		if res.StatusCode != 404 || strings.Contains(body, "root:") {
			t.Errorf("%s: %d %s", path, res.StatusCode, body)
		}
	}
}

// FuzzDocument: whatever HTML is shown, nothing that runs is in it.
func FuzzDocument(f *testing.F) {
	for _, seed := range []string{hostile, "<a href=JaVaScRiPt:x>", "<b><table><tr>", strings.Repeat("<div>", 1000), "<!--><img src=x onerror=y>",
		"<svg><style><img src=x onerror=y></style></svg>", "<noscript><p title=\"</noscript><img src=x onerror=y>\">", "<math><mi//xlink:href=\"data:x,<script>\">"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		out, err := shower{image: func(string) string { return "" }}.document(body)
		if err != nil {
			return
		}
		doc, err := html.Parse(strings.NewReader(strings.Replace(string(out), frameHead+frameBody, "", 1)))
		if err != nil {
			return
		}
		for n := range doc.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			if n.Data == "script" || n.Data == "iframe" || n.Data == "object" || n.Data == "form" {
				t.Fatalf("%s in %q", n.Data, out)
			}
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "src" && !inMarkup.MatchString(a.Val) || strings.HasPrefix(scheme(a.Val), "javascript") && a.Key == "href" {
					t.Fatalf("%s=%q in %q", a.Key, a.Val, out)
				}
			}
		}
	})
}

// E-45: a file that is held is not given out, alone, in the archive, within the document or within the raw mail.
func TestE45HeldFilesAreNotGivenOut(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		mail := func(check channels.Check) string {
			return string(r.mail("cliente@example.it", "Ciao", func(in *channels.Inbound) {
				in.External, in.HTML, in.Raw = "held:"+string(check), `<p>Ciao <img src="cid:logo@x"></p>`, r.put("From: x\r\n\r\nraw")
				in.Parts = []channels.Part{
					{Name: "logo.png", Type: "image/png", Size: int64(len(png)), Blob: r.put(png), Inline: true, CID: "logo@x", Check: check, Threat: "X"},
					{Name: "a.txt", Type: "text/plain", Size: 1, Blob: r.put("a"), Check: channels.CheckUnscanned},
				}
			}).Message)
		}
		b := r.as("anna")
		for check, raw := range map[channels.Check]int{channels.CheckInfected: 403, channels.CheckForbidden: 200, channels.CheckTooLarge: 200} {
			id := mail(check)
			if body, res := b.text("/api/messages/" + id + "/parts/0"); res.StatusCode != 403 || !strings.Contains(body, "file_held") {
				t.Errorf("%s: %d %s", check, res.StatusCode, body)
			}
			if _, res := b.text("/api/messages/" + id + "/parts/1"); res.StatusCode != 200 {
				t.Errorf("%s: the other file: %d", check, res.StatusCode)
			}
			if body, _ := b.text("/api/messages/" + id + "/html"); strings.Contains(body, "data:image") {
				t.Errorf("%s: shown within the document", check)
			}
			body, _ := b.text("/api/messages/" + id + "/parts.zip")
			z, err := zip.NewReader(strings.NewReader(body), int64(len(body)))
			if err != nil || len(z.File) != 1 || z.File[0].Name != "a.txt" {
				t.Errorf("%s: the archive: %v", check, err)
			}
			if _, res := b.text("/api/messages/" + id + "/raw"); res.StatusCode != raw {
				t.Errorf("%s: the raw mail: %d, want %d", check, res.StatusCode, raw)
			}
		}
	})
}
