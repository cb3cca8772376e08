package safe

import (
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"
)

func cleaned(t *testing.T, markup string) string {
	t.Helper()
	clean, err := Clean(markup)
	if err != nil {
		t.Fatalf("%v of %q", err, markup)
	}
	return clean
}

func TestE43WhatAMailNeedsStays(t *testing.T) {
	for from, want := range map[string]string{
		`<p style="color:red;padding:0 4px;position:fixed">Ciao <b>Anna</p>`: `<p style="color: red; padding: 0 4px">Ciao <b>Anna</b></p>`,
		`<table width="600" bgcolor="#ffeecc" cellpadding=0 align=center><tr><td colspan=2 valign=top>a`: `<table width="600" bgcolor="#ffeecc" ` +
			`cellpadding="0" align="center"><tbody><tr><td colspan="2" valign="top">a</td></tr></tbody></table>`,
		`<body bgcolor="#000000" style="color:white">a</body>`:               `<div style="background-color: #000000; color: white">a</div>`,
		`<p style="background:#fff !important">a</p>`:                        `<p style="background-color: #fff">a</p>`,
		`<font face="Arial, sans-serif" color=navy size=2>a</font>`:          `<font color="navy" face="Arial, sans-serif" size="2">a</font>`,
		`<p style="font-family:'Segoe UI',Arial;font-size:12.0pt">a</p>`:     `<p style="font-family: &#39;Segoe UI&#39;,Arial; font-size: 12.0pt">a</p>`,
		`<td>a</td><o:p>b</o:p><form><p>c</p><button>d</button></form>`:      `ab<p>c</p>d`,
		`<!--[if mso]><p>Outlook</p><![endif]--><![if !mso]><p>a<![endif]>`:  `<p>a</p>`,
		`<p>Grazie</p><div class="gmail_quote"><blockquote type=cite id=x>a`: `<p>Grazie</p><div data-fold="quote"><blockquote type="cite">a</blockquote></div>`,
		`<p data-fold="quote">Pagate subito</p>`:                             `<p>Pagate subito</p>`,
		`<plaintext>a <b>b`:                                                  `<pre>a &lt;b&gt;b</pre>`,
		`<p dir=rtl lang=ar>a`:                                               `<p dir="rtl" lang="ar">a</p>`,
	} {
		if got := cleaned(t, from); got != want {
			t.Errorf("%s\n got %s\nwant %s", from, got, want)
		}
	}
}

// A mail of Outlook has no blank lines between its paragraphs: what its sender wrote is not taken for the notice below it.
func TestE44OwnWordsAreNotFolded(t *testing.T) {
	clean := cleaned(t, `<div class=WordSection1><p class=MsoNormal>Buongiorno Giulia,</p><p class=MsoNormal>confermo l'ordine delle dodici lampade.</p>
<p class=MsoNormal>Cordiali saluti,<br>Paolo Greco</p><p class=MsoNormal style="font-size:8pt">Le informazioni contenute in questa comunicazione sono
riservate e destinate esclusivamente al destinatario. Se avete ricevuto questo messaggio per errore, siete pregati di cancellarlo.</p>
<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class=MsoNormal><b>Da:</b> Bottega &lt;aiuto@bottega.example&gt;<br>
<b>Inviato:</b> martedì 17 novembre 2026 09:12<br><b>A:</b> Paolo Greco<br><b>Oggetto:</b> Re: Fornitura</p></div><p class=MsoNormal>Quale giorno?</p></div>`)
	for _, want := range []string{"<p>Buongiorno Giulia,</p><p>confermo", `<p style="font-size: 8pt" data-fold="disclaimer">Le informazioni`, `data-fold="quote"`} {
		if !strings.Contains(clean, want) {
			t.Errorf("%q is missing in\n%s", want, clean)
		}
	}
}

func TestE43ImagesWaitAndCountersAreGone(t *testing.T) {
	for from, want := range map[string]string{
		`<img src="http://e.test/logo.png" width=100 height=50>`:        `<img data-src="http://e.test/logo.png" width="100" height="50"/>`,
		`<img src="//e.test/logo.png" alt="Bottega">`:                   `<img data-src="https://e.test/logo.png" alt="Bottega"/>`,
		`<img src="CID:due@x" srcset="http://e.test/2 2x">`:             `<img src="cid:due@x"/>`,
		`<img src="data:image/png;base64,iVBORw0KGgo=">`:                `<img src="data:image/png;base64,iVBORw0KGgo="/>`,
		`<img src="data:image/svg+xml;base64,PHN2Zz4=">`:                ``,
		`<img src="http://e.test/p.gif" width="1" height="1">`:          ``,
		`<img src="http://e.test/p.gif" style="width:1px;height:1px">`:  ``,
		`<img src="http://e.test/p.gif" width=1>`:                       ``,
		`<img src="http://e.test/p.gif" style="display:none">`:          ``,
		`<img src="https://click.e.test/wf/open?upn=abc">`:              ``,
		`<img src="https://e.test/pixelart.png" alt="Quadro" width=40>`: `<img data-src="https://e.test/pixelart.png" alt="Quadro" width="40"/>`,
		`<div style="display:none">anteprima</div><p>a`:                 `<p>a</p>`,
		`<p style="max-height:0;overflow:hidden">anteprima</p>b`:        `b`,
		`<p style="opacity:0">anteprima</p><p hidden>c</p>b`:            `b`,
	} {
		if got := cleaned(t, from); got != want {
			t.Errorf("%s\n got %s\nwant %s", from, got, want)
		}
	}
}

func TestE43LinksSayWhereTheyLead(t *testing.T) {
	const rel = ` rel="noopener noreferrer nofollow" target="_blank" `
	mark := func(host string) string { return `<span class="sportello-host">[` + host + `]</span>` }
	for from, want := range map[string]string{
		`<a href="https://www.bottega.test/x?a=1&b=2">qui</a>`:       `<a href="https://www.bottega.test/x?a=1&amp;b=2"` + rel + `title="www.bottega.test">qui</a>`,
		`<a href="https://evil.example.com/">www.banca.it</a>`:       `<a href="https://evil.example.com/"` + rel + `title="evil.example.com">www.banca.it</a>` + mark("evil.example.com"),
		`<a href="https://login.banca.it/">https://www.banca.it</a>`: `<a href="https://login.banca.it/"` + rel + `title="login.banca.it">https://www.banca.it</a>`,
		`<a href="https://banca.it@evil.com/">banca.it</a>`:          `<a href="https://evil.com/"` + rel + `title="evil.com">banca.it</a>` + mark("evil.com"),
		`<a href="https://evil.com/"><b>ban</b>ca.it</a>`:            `<a href="https://evil.com/"` + rel + `title="evil.com"><b>ban</b>ca.it</a>` + mark("evil.com"),
		`<a href="https://bücher.example.com/">qui</a>`:              `<a href="https://b%C3%BCcher.example.com/"` + rel + `title="xn--bcher-kva.example.com">qui</a>`,
		`<a href="mailto:a@evil.com">info@banca.it</a>`:              `<a href="mailto:a@evil.com"` + rel + `title="evil.com">info@banca.it</a>` + mark("evil.com"),
		`<a href="https://shop.com/f">fattura.xyzzy, S.p.A.</a>`:     `<a href="https://shop.com/f"` + rel + `title="shop.com">fattura.xyzzy, S.p.A.</a>`,
		`<a href="tel:+39 02 1234">chiama</a>`:                       `<a href="tel:+39%2002%201234"` + rel[:len(rel)-1] + `>chiama</a>`,
		`<a href="https:\\evil.com\x">a</a>`:                         `<a href="https://evil.com/x"` + rel + `title="evil.com">a</a>`,
		`<span class="sportello-host">[banca.it]</span>`:             `<span>[banca.it]</span>`,
		`<a href="/api/session">a</a><a href="#giù">b</a>`:           `<a>a</a><a>b</a>`,
	} {
		if got := cleaned(t, from); got != want {
			t.Errorf("%s\n got %s\nwant %s", from, got, want)
		}
	}
}

// worked is the processor's time that this program has used: other programs make it no longer.
func worked(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Whatever somebody sends, its HTML is judged soon; what takes too much is refused.
func TestE43WorkIsBounded(t *testing.T) {
	repeat := func(s string, bytes int) string { return strings.Repeat(s, bytes/len(s)) }
	for name, from := range map[string]string{
		"depth": strings.Repeat("<div>", 200_000) + "a", "paragraphs": repeat("<p style='color:red;position:fixed'>a <b>b</b></p>", LimitRead),
		"formatting": repeat("<b><p>", 2<<20), "anchors": repeat("<a>", 2<<20), "tables": repeat("<table>", 2<<20), "lists": repeat("<li>", LimitRead),
		"style sheet": "<style>" + repeat("a{b:c}", LimitRead-20) + "</style><p>a", "one style": `<p style="` + repeat("color:red;", 4<<20) + `">a`,
		"styles":   repeat(`<p style="`+strings.Repeat("color:red;", 400)+`">a`, LimitRead),
		"comments": repeat("<!--", LimitRead), "entities": repeat("&amp", LimitRead), "attributes": "<p " + repeat("a=b ", 4<<20) + ">a",
		"names": `<a href="http://x.it">` + repeat("a.it ", 1<<19) + "</a>", "links": repeat("<a href=http://a.it>http://b.it</a>", 1<<18),
		"columns": repeat("<table><tr><td>", 1<<20), "misnested": repeat("<b></i>", LimitRead), "quotes": `<p style="font-family:` + repeat("'", 1<<20) + `">a`,
	} {
		start := worked(t)
		clean, err := Clean(from)
		took := worked(t) - start
		if t.Logf("%s: %v, %v", name, took, err); took > 2*time.Second*slower {
			t.Errorf("%s took %v", name, took)
		}
		if err == nil {
			harmless(t, name, clean)
		}
	}
	if _, err := Clean(strings.Repeat("a", LimitRead+1)); !errors.Is(err, ErrLarge) {
		t.Errorf("too large: %v", err)
	}
	if got := cleaned(t, "<style>"+repeat("a{b:c}", LimitRead-20)+"</style><p>a"); got != "<p>a</p>" {
		t.Errorf("large, but little to show: %q", got)
	}
}

func BenchmarkClean(b *testing.B) {
	row := `<tr><td width="50%" style="padding:8px;color:#222222;font-family:Arial,sans-serif" bgcolor="#f3f3f8"><b>Lampada Aurora</b><br>89,00 €
<a href="https://click.mailer.test/abc?u=1&amp;v=2"><img src="https://img.mailer.test/a.jpg" width="280" height="120" alt="Aurora"></a></td></tr>`
	letter := `<html><head><style>` + strings.Repeat("a{color:red}", 400) + `</style></head><body><table width="600">` + strings.Repeat(row, 300) + `</table></body></html>`
	b.SetBytes(int64(len(letter)))
	for b.Loop() {
		if _, err := Clean(letter); err != nil {
			b.Fatal(err)
		}
	}
}
