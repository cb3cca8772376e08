package safe

import (
	"strings"
	"testing"
)

func TestE43HTMLIsHarmless(t *testing.T) {
	clean, err := Clean(`<html><head><style>p{background:url(http://e/x)}</style><meta http-equiv=refresh content="0;url=http://e">
<base href="http://e"></head><body onload=alert(1)><div style="display:none">preheader</div>
<p style="color:red;background-image:url(http://e/x);position:fixed" onclick="x()">Ciao <b>Anna</p>
<script>alert(1)</script><iframe src="http://e"></iframe><form action="http://e"><input name=a></form><svg onload=alert(1)></svg>
<img src="http://e/logo.png" width=100 height=50 onerror=alert(1)><img src="http://e/pixel.gif" width="1" height="1">
<img src="cid:logo@x"><img src="CID:due"><img src="data:image/svg+xml,<svg onload=alert(1)>"><img srcset="http://e/2x 2x" data-src="javascript:1">
<a href="javascript:alert(1)">no</a><a href="https://example.test/">sì</a><a href="mailto:a@b.it">posta</a></body></html>`)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"script", "iframe", "form", "input", "onload", "onclick", "onerror", "javascript", "url(", "position",
		"<style", "<meta", "<base", "svg", "preheader", "pixel.gif", "srcset", ` src="http`, "data:"} {
		if strings.Contains(strings.ToLower(clean), bad) {
			t.Errorf("%q is left in %s", bad, clean)
		}
	}
	for _, good := range []string{`data-src="http://e/logo.png"`, `src="cid:logo@x"`, `src="cid:due"`, "color: red", `href="https://example.test/"`,
		"noreferrer", `href="mailto:a@b.it"`, "</b>"} {
		if !strings.Contains(clean, good) {
			t.Errorf("%q is missing in %s", good, clean)
		}
	}
}
