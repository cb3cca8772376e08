package quote

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/net/html"

	"sportello/channels"
)

// sound checks what is promised of folds, whatever the text.
func sound(t *testing.T, text string, folds []channels.Fold) {
	t.Helper()
	at, open := 0, ""
	for i, f := range folds {
		if f.From < at || f.To <= f.From || f.To > len(text) {
			t.Fatalf("fold %d of %v is out of order or bounds (%d bytes)", i, folds, len(text))
		}
		if f.From > 0 && text[f.From-1] != '\n' || f.To < len(text) && text[f.To-1] != '\n' {
			t.Fatalf("fold %d of %v is not at line starts", i, folds)
		}
		if f.From < len(text) && !utf8.RuneStart(text[f.From]) && utf8.ValidString(text) {
			t.Fatalf("fold %d of %v divides a character", i, folds)
		}
		switch f.Kind {
		case channels.FoldQuote, channels.FoldSignature, channels.FoldDisclaimer, channels.FoldForwarded:
		default:
			t.Fatalf("kind %q", f.Kind)
		}
		if i > 0 && folds[i-1].To == f.From && folds[i-1].Kind == f.Kind {
			t.Fatalf("folds %d and %d are one", i-1, i)
		}
		open += text[at:f.From]
		at = f.To
	}
	open += text[at:]
	shown := false
	for _, f := range folds {
		shown = shown || f.Kind == channels.FoldForwarded
	}
	if len(folds) > 0 && !shown && utf8.ValidString(text) && letters(plain(open)) == 0 {
		t.Fatalf("nothing is left open: %q %v", text, folds)
	}
	reply, signature, quoted := Split(text, folds)
	if full(reply)+full(signature)+full(quoted) != full(text) {
		t.Fatalf("words are lost: %q %v", text, folds)
	}
}

// full counts the characters of a text that are no white space.
// full counts the characters of a text, word by word: bytes that are no character would join with those of the next.
func full(s string) int {
	n := 0
	for w := range strings.FieldsSeq(s) {
		n += utf8.RuneCountInString(w)
	}
	return n
}

func FuzzText(f *testing.F) {
	for _, s := range letters0 {
		f.Add(s)
	}
	for i, s := range heads {
		f.Add(answer + "\n\n" + signaturesOf[i] + "\n\n" + s + "\n\n" + olderMail)
		f.Add(answer + "\n\n" + wrap(introLinesOf[i], 2) + "\n\n" + marks1(olderMail) + "\n" + noticesOf[i%len(noticesOf)])
	}
	f.Add(">\n> \n>>\n|\n| a\n| b\nAB> c\nAB> d\n>From x\n\xff\xfe>\n\r\n-- \r\n")
	f.Add("a \x89\xc9\n\n\x89Samsung b\x15\xff\x00  c")
	f.Fuzz(func(t *testing.T, text string) { sound(t, text, Text(text)) })
}

func FuzzHTML(f *testing.F) {
	for _, s := range programs {
		f.Add(s)
	}
	f.Add("<pre>a \xff")
	f.Fuzz(func(t *testing.T, markup string) {
		text, folds, err := HTML(markup)
		if err != nil {
			return
		}
		sound(t, text, folds)
		if text != strings.TrimSpace(text) || strings.ContainsAny(text, "\r\x00") {
			t.Fatalf("%q", text)
		}
		doc, err := html.Parse(strings.NewReader(markup))
		if err != nil {
			return
		}
		Mark(doc)
		if err := html.Render(&strings.Builder{}, doc); err != nil {
			return // html.Render refuses some trees that html.Parse makes
		}
	})
}

// Large mails of every awkward shape take time in proportion to their size: an eighth of a megabyte in less than five seconds even on
// a machine that is busy and under the race detector, where what grows with the square takes minutes. The benchmarks have the figures.
func TestE44LargeMails(t *testing.T) {
	for name, unit := range large {
		text := strings.Repeat(unit, 1<<17/len(unit))
		start := time.Now()
		folds := Text(text)
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s took %v", name, took)
		}
		sound(t, text, folds)
	}
}

// Two forms of a mail that have thousands of quotes and signatures are laid side by side in time.
func TestE44LargeMailsOfTwoForms(t *testing.T) {
	for _, unit := range []string{`<blockquote type="cite">abcdefghijklmnop</blockquote><p>answer</p>`, `<div id="Signature">abcdefghijklmnop</div><p>answer</p>`} {
		text := strings.Repeat("abcdefghijklmnop\nanswer\n", 1<<17/24)
		start := time.Now()
		folds := Both(text, strings.Repeat(unit, 1<<17/len(unit)))
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s took %v", unit, took)
		}
		sound(t, text, folds)
	}
}

var large = map[string]string{
	"prose":         "Va bene così, vi ringrazio della risposta di ieri e aspetto la spedizione di domani.\n",
	"marks":         "> Gentile cliente, il pacco parte domani.\n",
	"deep marks":    strings.Repeat(">", 300) + "\n",
	"heads":         heads[0] + "\n",
	"labels":        "To: a@b.example\n",
	"introductions": introLinesOf[0] + "\n",
	"colons":        "a:\n",
	"blank":         "\n",
	"one line":      "parola ",
	"addresses":     "a@b.example 12/03/2024 10:30: ",
	"at signs":      "@",
	"numbers":       "1 ",
	"delimiters":    "-- \n",
	"rules":         "________________________________\n\n",
	"dashes":        "-----------a\n",
	"closings":      "Cordiali saluti,\n",
	"contacts":      "Tel. +39 02 1234567\n",
	"phones":        "Sent from my iPhone\n\n",
	"notices":       noticesOf[0] + "\n\n",
	"between":       "> a\nb\n",
	"tags":          "<quote who=\"a\">\n[quote]\n",
	"tags closed":   "[quote]\n[/quote]\n",
	"partings":      "Warmly,\nAnna Rossi\n\n",
	"signed off":    "Regards, Tom\n\n",
	"ornaments":     "☆★☆★☆★☆★☆★\nAnna Rossi\n",
	"registers":     "Registered office: 1 Brook Street, Hull. Company number 1.\n\n",
	"postscripts":   "P.S. a\n\n",
	"Yandex":        "-----\nКому: a\nТема: b\n",
	"initials":      "AB> a\n",
	"Chinese":       "您好，我想问一下，我的订单什么时候发货？\n",
	"Arabic digits": "٢٠٢٤/٠٢/٠٥ ١٠:٣٠:\n",
}

func BenchmarkText(b *testing.B) {
	for name, unit := range large {
		text := strings.Repeat(unit, 1<<20/len(unit))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				Text(text)
			}
		})
	}
}

func BenchmarkHTML(b *testing.B) {
	for name, unit := range map[string]string{
		"outlook": programs["outlook"], "prose": "<p>Va bene così, vi ringrazio della <b>risposta</b> di ieri.</p>\n", "open divs": "<div style='border-top:solid red'>",
		"quotes": "<blockquote type=cite>a", "breaks": "<br>a",
	} {
		markup := strings.Repeat(unit, 1<<20/len(unit))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(markup)))
			for b.Loop() {
				if doc, err := html.Parse(strings.NewReader(markup)); err == nil {
					Mark(doc)
				}
			}
		})
	}
}
