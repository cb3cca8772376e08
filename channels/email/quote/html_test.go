package quote

import (
	"strings"
	"testing"

	"golang.org/x/net/html"

	"sportello/channels"
)

// Mails as programs write them in HTML. Every one has the same answer and the same older mail.
const (
	answerHTML = "Va bene, grazie."
	olderHTML  = "Il pacco parte domani."
)

var programs = map[string]string{
	"gmail":                              `<div dir="ltr">Va bene, grazie.</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">Il giorno lun 5 feb 2024 alle ore 10:30 Anna &lt;<a href="mailto:anna@e.test">anna@e.test</a>&gt; ha scritto:<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex"><div dir="ltr">Il pacco parte domani.</div></blockquote></div>`,
	"gmail old":                          `<div dir="ltr">Va bene, grazie.</div><div class="gmail_extra"><br><div class="gmail_quote">2014-02-05 10:30 GMT+01:00 Anna <span dir="ltr">&lt;<a href="mailto:anna@e.test">anna@e.test</a>&gt;</span>:<br><blockquote class="gmail_quote" style="margin:0 0 0 .8ex">Il pacco parte domani.</blockquote></div><br></div>`,
	"gmail in an unknown language":       `<div dir="ltr">Va bene, grazie.</div><br><div class="gmail_quote"><div class="gmail_attr">Xyz zyx Anna qwerty:<br></div><blockquote class="gmail_quote">Il pacco parte domani.</blockquote></div>`,
	"gmail within another mail program":  `<div>Va bene, grazie.</div><div class="m_-12345gmail_quote"><div class="x_gmail_attr">Xyz Anna:</div><blockquote class="x_gmail_quote">Il pacco parte domani.</blockquote></div>`,
	"apple":                              `<html><body style="overflow-wrap: break-word;">Va bene, grazie.<br><div><br><blockquote type="cite"><div>Il giorno 5 feb 2024, alle ore 10:30, Anna &lt;anna@e.test&gt; ha scritto:</div><br class="Apple-interchange-newline"><div><div>Il pacco parte domani.</div></div></blockquote></div><br></body></html>`,
	"apple phone":                        `<html><body dir="auto">Va bene, grazie.<div dir="ltr"></div><div dir="ltr"><br><blockquote type="cite">Il giorno 5 feb 2024, alle ore 10:30, Anna &lt;anna@e.test&gt; ha scritto:<br><br></blockquote></div><blockquote type="cite"><div dir="ltr">&#xFEFF;Il pacco parte domani.</div></blockquote></body></html>`,
	"thunderbird":                        `<html><head><meta charset="UTF-8"></head><body><p>Va bene, grazie.</p><div class="moz-cite-prefix">Il 05/02/24 10:30, Anna ha scritto:<br></div><blockquote type="cite" cite="mid:1@e.test"><p>Il pacco parte domani.</p></blockquote></body></html>`,
	"thunderbird in an unknown language": `<html><body><p>Va bene, grazie.</p><div class="moz-cite-prefix">Xyz Anna zyx:<br></div><blockquote type="cite" cite="mid:1@e.test"><p>Il pacco parte domani.</p></blockquote></body></html>`,
	"outlook":                            `<html xmlns:o="urn:schemas-microsoft-com:office:office"><body lang=IT><div class=WordSection1><p class=MsoNormal><span style='font-size:11.0pt'>Va bene, grazie.<o:p></o:p></span></p><p class=MsoNormal><o:p>&nbsp;</o:p></p><div><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p class=MsoNormal><b>Da:</b> Anna &lt;anna@e.test&gt; <br><b>Inviato:</b> lunedì 5 febbraio 2024 10:30<br><b>A:</b> Help &lt;help@e.test&gt;<br><b>Oggetto:</b> Ordine<o:p></o:p></p></div></div><p class=MsoNormal><o:p>&nbsp;</o:p></p><p class=MsoNormal>Il pacco parte domani.<o:p></o:p></p></div></body></html>`,
	"outlook in an unknown language":     `<html><body><div class=WordSection1><p class=MsoNormal>Va bene, grazie.</p><div style='border:none;border-top:solid #B5C4DF 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p class=MsoNormal><b>Xa:</b> Anna<br><b>Xb:</b> Xc 5<br><b>Xd:</b> Help<br><b>Xe:</b> Ordine</p></div><p class=MsoNormal>Il pacco parte domani.</p></div></body></html>`,
	"outlook on the web":                 `<html><body><div class="elementToProof" style="font-family: Aptos;">Va bene, grazie.</div><div id="appendonsend"></div><hr tabindex="-1" style="display:inline-block; width:98%"><div id="divRplyFwdMsg" dir="ltr"><font face="Calibri"><b>Da:</b> Anna &lt;anna@e.test&gt;<br><b>Inviato:</b> lunedì 5 febbraio 2024 10:30<br><b>A:</b> Help<br><b>Oggetto:</b> Ordine</font><div>&nbsp;</div></div><div>Il pacco parte domani.</div></body></html>`,
	"outlook on the web, quoted again, unknown language": `<div>Va bene, grazie.</div><hr><div id="x_x_divRplyFwdMsg"><b>Xa:</b> Anna<br><b>Xb:</b> Xc<br></div><div>Il pacco parte domani.</div>`,
	"outlook phone":                `<html><body><div dir="auto">Va bene, grazie.</div><div id="ms-outlook-mobile-signature">Scarica <a href="https://aka.test/x">Outlook per iOS</a></div><div id="mail-editor-reference-message-container" dir="auto"><hr><div id="divRplyFwdMsg"><b>Da:</b> Anna &lt;anna@e.test&gt;<br><b>Inviato:</b> lunedì 5 febbraio 2024 10:30<br><b>A:</b> Help<br><b>Oggetto:</b> Ordine</div><div>Il pacco parte domani.</div></div></body></html>`,
	"outlook on a mac":             `<html><body><div>Va bene, grazie.</div><div><br></div><span id="OLK_SRC_BODY_SECTION"><div style="border-top:#b5c4df 1pt solid"><span style="font-weight:bold">Da: </span> Anna<br><span style="font-weight:bold">Data: </span> lunedì 5 febbraio 2024 10:30<br></div><div><br></div><div>Il pacco parte domani.</div></span></body></html>`,
	"hotmail":                      `<html><body class='hmmessage'><div dir='ltr'>Va bene, grazie.<br><div><hr id="stopSpelling">Date: Mon, 5 Feb 2024 10:30:12 +0100<br>From: anna@e.test<br>To: help@e.test<br>Subject: Ordine<br><br>Il pacco parte domani.</div></div></body></html>`,
	"yahoo":                        `<html><body><div class="ydp1a2b3c4dyahoo-style-wrap"><div dir="ltr">Va bene, grazie.</div></div><div id="ydp99aabbccyahoo_quoted_123" class="ydp99aabbccyahoo_quoted"><div><div>Il lunedì 5 febbraio 2024, 10:30:12 CET, Anna &lt;anna@e.test&gt; ha scritto: </div><div><br></div><div>Il pacco parte domani.</div></div></div></body></html>`,
	"yahoo in an unknown language": `<div>Va bene, grazie.</div><div id="yahoo_quoted_123" class="yahoo_quoted"><div>Xyz Anna</div><div>Il pacco parte domani.</div></div>`,
	"proton":                       `<div style="font-family: Arial">Va bene, grazie.</div><div class="protonmail_signature_block"><div class="protonmail_signature_block-proton">Inviato con <a href="https://proton.test">Proton Mail</a>.</div></div><div class="protonmail_quote">lunedì 5 febbraio 2024 10:30, Anna &lt;anna@e.test&gt; ha scritto:<br><blockquote class="protonmail_quote" type="cite">Il pacco parte domani.</blockquote></div>`,
	"zimbra":                       `<html><body><div style="font-family: arial"><div>Va bene, grazie.</div><div><br></div><hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__"><b>Da: </b>"Anna" &lt;anna@e.test&gt;<br><b>A: </b>"Help" &lt;help@e.test&gt;<br><b>Inviato: </b>Lunedì, 5 febbraio 2024 10:30:12<br><b>Oggetto: </b>Ordine<br></div><div><br></div><div data-marker="__QUOTED_TEXT__">Il pacco parte domani.</div></div></body></html>`,
	"gmx":                          `<div style="font-family: Verdana">Va bene, grazie.<div>&nbsp;<div name="quote" style="margin:10px 5px 5px 10px; padding: 10px 0 10px 10px; border-left:2px solid #C3D9E5;"><div style="margin:0 0 10px 0;"><b>Gesendet:</b>&nbsp;Montag, 05. Februar 2024 um 10:30 Uhr<br/><b>Von:</b>&nbsp;Anna &lt;anna@e.test&gt;<br/><b>An:</b>&nbsp;help@e.test<br/><b>Betreff:</b>&nbsp;Ordine</div><div name="quoted-content">Il pacco parte domani.</div></div></div></div>`,
	"mail.ru":                      `<HTML><BODY>Va bene, grazie.<br><blockquote style="border-left:1px solid #0857A6; margin:10px; padding:0 0 0 10px;">Понедельник, 5 февраля 2024, 10:30 +03:00 от Anna &lt;anna@e.test&gt;:<br><div>Il pacco parte domani.</div></blockquote></BODY></HTML>`,
	"yandex":                       `<div>Va bene, grazie.</div><div> </div><div>05.02.2024, 10:30, "Anna" &lt;anna@e.test&gt;:</div><blockquote><p>Il pacco parte domani.</p></blockquote>`,
	"aol":                          `<div style="color:black">Va bene, grazie.<br><br><div>-----Original Message-----<br>From: Anna &lt;anna@e.test&gt;<br>To: help &lt;help@e.test&gt;<br>Sent: Mon, Feb 5, 2024 10:30 am<br>Subject: Ordine<br><br><div>Il pacco parte domani.</div></div></div>`,
	"spark":                        `<html><body><div name="messageBodySection">Va bene, grazie.</div><div name="messageSignatureSection">Anna<br>Tel. 02 1234567</div><div name="messageReplySection">On 5 Feb 2024, 10:30 +0100, Anna &lt;anna@e.test&gt;, wrote:<br><blockquote type="cite" style="border-left-color: grey;">Il pacco parte domani.</blockquote></div></body></html>`,
	"samsung":                      `<html><body><div dir="auto">Va bene, grazie.</div><div dir="auto"><br></div><div align="left" dir="auto">Inviato dal mio Galaxy</div><div dir="auto"><br></div><!-- originalMessage --><div>-------- Messaggio originale --------</div><div>Da: Anna &lt;anna@e.test&gt; </div><div>Data: 05/02/24  10:30  (GMT+01:00) </div><div>A: help@e.test </div><div>Oggetto: Ordine </div><div><br></div><div>Il pacco parte domani.</div></body></html>`,
	"qq":                           `<div>Va bene, grazie.</div><div><br></div><div style="font-size: 12px;padding:2px 0 2px 0;">------------------&nbsp;原始邮件&nbsp;------------------</div><div style="background:#efefef;"><div><b>发件人:</b>&nbsp;"Anna" &lt;anna@e.test&gt;;</div><div><b>发送时间:</b>&nbsp;2024年2月5日(星期一) 上午10:30</div><div><b>收件人:</b>&nbsp;"help"&lt;help@e.test&gt;;</div><div><b>主题:</b>&nbsp;Ordine</div></div><div>Il pacco parte domani.</div>`,
	"163":                          `<div>Va bene, grazie.</div><br><p>At 2024-02-05 10:30:12, "Anna" &lt;anna@e.test&gt; wrote:</p><blockquote id="isReplyContent" style="PADDING-LEFT: 1ex; MARGIN: 0px 0px 0px 0.8ex; BORDER-LEFT: #ccc 1px solid">Il pacco parte domani.</blockquote>`,
	"rule and table":               `<p>Va bene, grazie.</p><hr><table><tr><td><b>From:</b></td><td>Anna &lt;anna@e.test&gt;</td></tr><tr><td><b>Date:</b></td><td>5 Feb 2024 10:30</td></tr><tr><td><b>Subject:</b></td><td>Ordine</td></tr></table><p>Il pacco parte domani.</p>`,
	"zoho":                         `<div>Va bene, grazie.</div><br><div class="zmail_extra" style="border-top:1px dotted"><div>---- Il lun, 05 feb 2024 10:30:12 +0100 <b>Anna &lt;anna@e.test&gt;</b> ha scritto ----</div><br><blockquote>Il pacco parte domani.</blockquote></div>`,
	"tutanota":                     `<div>Va bene, grazie.</div><br>5 feb 2024, 10:30 da anna@e.test:<br><blockquote class="tutanota_quote" style="border-left: 1px solid #93A3B8;">Il pacco parte domani.</blockquote>`,
	"plain in pre":                 "<pre>Va bene, grazie.\n\nOn 5 Feb 2024, at 10:30, Anna &lt;anna@e.test&gt; wrote:\n\n&gt; Il pacco parte domani.\n</pre>",
	"unknown program":              `<p>Va bene, grazie.</p><p>5 Feb 2024 10:30 Anna &lt;anna@e.test&gt;:</p><blockquote style="border-left:2px solid blue;padding-left:5px">Il pacco parte domani.</blockquote>`,
	"style and preview":            `<html><head><style>p{color:red}</style><title>x</title></head><body><div style="display:none">preview</div><p>Va bene, grazie.</p><blockquote type="cite">Il pacco parte domani.</blockquote></body></html>`,
}

// E-44: mails of many programs, in their HTML: text, folds, and the marks that the console folds by.
func TestE44Programs(t *testing.T) {
	for name, markup := range programs {
		t.Run(name, func(t *testing.T) {
			text, folds, err := HTML(markup)
			if err != nil {
				t.Fatal(err)
			}
			reply, _, quoted := Split(text, folds)
			if reply != answerHTML || !strings.Contains(quoted, olderHTML) {
				t.Errorf("text %q\n%v\nreply %q\nquoted %q", text, folds, reply, quoted)
			}
			open, folded := divided(t, markup)
			if !strings.Contains(open, answerHTML) || strings.Contains(open, olderHTML) || strings.Contains(open, "Anna") || !strings.Contains(folded, olderHTML) || strings.Contains(folded, answerHTML) {
				t.Errorf("marks: open %q, folded %q", open, folded)
			}
		})
	}
}

// divided marks a document, writes it and reads it again, as a browser would, and returns the text outside and inside of the marks.
func divided(t *testing.T, markup string) (open, folded string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(marked(t, markup)))
	if err != nil {
		t.Fatal(err)
	}
	var walk func(n *html.Node, in bool)
	walk = func(n *html.Node, in bool) {
		for _, a := range n.Attr {
			in = in || a.Key == Attribute
		}
		if n.Type == html.TextNode && (n.Parent == nil || n.Parent.Data != "style" && n.Parent.Data != "title") {
			if in {
				folded += n.Data
			} else {
				open += n.Data
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c, in)
		}
	}
	walk(doc, false)
	return open, folded
}

// E-44: answers between the quoted pieces stay open, also where the program puts a box around all of it.
func TestE44AnswersBetween(t *testing.T) {
	markup := `<div class="gmail_quote"><div class="gmail_attr">Il giorno lun 5 feb 2024 alle ore 10:30 Anna &lt;anna@e.test&gt; ha scritto:</div><blockquote class="gmail_quote">Quando?</blockquote><div>Domani.</div><blockquote class="gmail_quote">Dove?</blockquote><div>In negozio.</div></div>`
	text, folds, err := HTML(markup)
	if err != nil {
		t.Fatal(err)
	}
	if reply, _, _ := Split(text, folds); reply != "Domani.\nIn negozio." {
		t.Errorf("%q %v", text, folds)
	}
	if open, _ := divided(t, markup); open != "Domani.In negozio." {
		t.Errorf("open %q", open)
	}
}

// E-25: mails that are passed on, in HTML.
func TestE25ForwardsHTML(t *testing.T) {
	for name, markup := range map[string]string{
		"gmail":       `<div dir="ltr"><br><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">---------- Forwarded message ---------<br>Da: <b>Anna</b> &lt;anna@e.test&gt;<br>Date: lun 5 feb 2024 alle ore 10:30<br>Subject: Ordine<br>To: &lt;help@e.test&gt;<br></div><br>Il pacco parte domani.</div></div>`,
		"gmail, word": `<div dir="ltr">Per conoscenza.<br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">---------- Messaggio inoltrato ---------<br>Da: <b>Anna</b> &lt;anna@e.test&gt;<br>Date: lun 5 feb 2024 alle ore 10:30<br>Subject: Ordine<br>To: &lt;help@e.test&gt;<br></div><br>Il pacco parte domani.</div></div>`,
		"apple":       `<body><div><blockquote type="cite"><div>Inizio messaggio inoltrato:</div><br><div><b>Da: </b>Anna &lt;anna@e.test&gt;<br></div><div><b>Oggetto: </b>Ordine<br></div><div><b>Data: </b>5 febbraio 2024 10:30:12 CET<br></div><div><b>A: </b>help@e.test<br></div><br><div>Il pacco parte domani.</div></blockquote></div></body>`,
		"thunderbird": `<body><p><br></p><div class="moz-forward-container"><br>-------- Messaggio Inoltrato --------<table class="moz-email-headers-table"><tbody><tr><th>Oggetto: </th><td>Ordine</td></tr><tr><th>Data: </th><td>Mon, 5 Feb 2024 10:30:12 +0100</td></tr><tr><th>Mittente: </th><td>Anna &lt;anna@e.test&gt;</td></tr><tr><th>A: </th><td>help@e.test</td></tr></tbody></table><br>Il pacco parte domani.</div></body>`,
		"outlook":     `<body><div class=WordSection1><p class=MsoNormal><o:p>&nbsp;</o:p></p><div style='border:none;border-top:solid #E1E1E1 1.0pt'><p class=MsoNormal><b>Da:</b> Anna &lt;anna@e.test&gt; <br><b>Inviato:</b> lunedì 5 febbraio 2024 10:30<br><b>A:</b> Help<br><b>Oggetto:</b> Ordine</p></div><p class=MsoNormal>Il pacco parte domani.</p></div></body>`,
	} {
		text, folds, err := HTML(markup)
		if err != nil {
			t.Fatal(err)
		}
		if len(folds) != 1 || folds[0].Kind != channels.FoldForwarded || !strings.Contains(text[folds[0].From:folds[0].To], "Anna") {
			t.Errorf("%s: %q %v", name, text, folds)
		}
	}
}

// E-44: what a document brings along is no mark of ours, and what is all quote is shown.
func TestE44MarksAreOurs(t *testing.T) {
	if got := marked(t, `<p data-fold="quote" DATA-FOLD=x>Ciao</p>`); got != `<p>Ciao</p>` {
		t.Error(got)
	}
	for _, markup := range []string{`<blockquote type="cite">Solo questo.</blockquote>`, `<div id="divRplyFwdMsg"></div>Ciao`, `<div class="gmail_signature">Ciao</div>`, ``} {
		if got := marked(t, markup); strings.Contains(got, Attribute) {
			t.Error(got)
		}
	}
}

// E-44: a newsletter and a letter with a moved paragraph are not folded.
func TestE44PlainHTML(t *testing.T) {
	for _, markup := range []string{
		`<table><tr><td><h1>Offerte</h1><div style="border-left:4px solid red;padding:10px">Solo oggi: sconto del 20%</div><p>Il nostro negozio è aperto.</p></td></tr></table>`,
		`<p>Ecco il testo:</p><blockquote style="margin:0 0 0 40px;border:none;padding:0px">Primo paragrafo</blockquote><p>Va bene?</p>`,
		`<p>Salve,</p><ul><li>pane</li><li>latte</li></ul><p>A domani.</p><hr><p>Altro.</p>`,
		`<table><tr><td>Da:</td><td>Roma</td></tr><tr><td>A:</td><td>Milano</td></tr></table><p>Quanto costa?</p>`,
	} {
		text, folds, err := HTML(markup)
		if err != nil || len(folds) > 0 {
			t.Errorf("%q %v %v", text, folds, err)
		}
	}
}
