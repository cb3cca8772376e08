package field

import (
	"strings"
	"testing"
	"time"
)

// E-37 and the spoofs that general parsers fall for: who is the sender?
func TestE37FromIsTheLastAngleAddress(t *testing.T) {
	for _, c := range []struct {
		from        string
		value, name string
		plain       bool
	}{
		{`Mario Rossi <m@r.it>`, "m@r.it", "Mario Rossi", true},
		{`foo@bar.it <m@r.it>`, "m@r.it", "foo@bar.it", true},
		{`"foo@bar.it" <m@r.it>`, "m@r.it", "foo@bar.it", true},
		{`"a <fake@x.it>" <m@r.it>`, "m@r.it", "a <fake@x.it>", true},
		{`<fake@x.it> <m@r.it>`, "m@r.it", "<fake@x.it>", false},
		{`fake@x.it, m@r.it`, "m@r.it", "", false},
		{`Rossi, Mario <m@r.it>`, "m@r.it", "Rossi, Mario", true},
		{`<m.@docomo.ne.jp>`, "m.@docomo.ne.jp", "", true},
		{`M@R.IT (Mario Rossi)`, "m@r.it", "Mario Rossi", true},
		{`MAILER-DAEMON`, "", "MAILER-DAEMON", false},
		{`<>`, "", "", false},
		{``, "", "", false},
		{`=?utf-8?q?Citt=C3?= =?utf-8?q?=A0?= <m@r.it>`, "m@r.it", "Città", true},
		{`"=?utf-8?B?Q2l0dMOg?=" <m@r.it>`, "m@r.it", "Città", true},
		{"\"evil\u202Emoc.knab@x\" <m@r.it>", "m@r.it", "evilmoc.knab@x", true},
		{`Anna <anna@città.it>`, "anna@xn--citt-3na.it", "Anna", true},
		{`Jörg <jörg@example.it>`, "jörg@example.it", "Jörg", true},
		{`<@relay.it,@b.it:m@r.it>`, "m@r.it", "", true},
		{`a@b@c.it`, "", "", false},
		{`"unclosed <m@r.it>`, "m@r.it", `"unclosed`, true},
		{`Anna <"anna.rossi"@r.it>`, "anna.rossi@r.it", "Anna", true},
		{`Anna <"anna rossi"@r.it>`, "", "Anna", false},
		{`=?iso-8859-1?Q?Ren=E9e?= =?utf-8?B?IMOJdG9pbGU=?= <r@r.it>`, "r@r.it", "Renée Étoile", true},
		{"Ren\xe9e <r@r.it>", "r@r.it", "Renée", true},
		{"Renée <renée@r.it>", "renée@r.it", "Renée", true},
		{"\"\u2066bank\u2069 \x07\u200esafe\" <m@r.it>", "m@r.it", "bank safe", true},
		{`Team: a@x.it, b@x.it;`, "b@x.it", "", false},
		{`Eva Neri <eva@x.it>, =?utf-8?q?Ren=C3=A9?= <r@r.it>`, "eva@x.it", "Eva Neri", false},
		{`=?utf-8?Q?Rossi_<x@x.it>,_Mario?= <m@r.it>`, "m@r.it", "Rossi <x@x.it>, Mario", true},
		{`Eva <mailto:eva@x.it>`, "eva@x.it", "Eva", true},
		{`Eva <<eva@x.it>>`, "eva@x.it", "Eva", false},
		{`Eva <eva @ x . it>`, "eva@x.it", "Eva", true},
		{`"Rossi <x@x.it>, Mario" <m@r.it>`, "m@r.it", "Rossi <x@x.it>, Mario", true},
		{`undisclosed-recipients:;`, "", "undisclosed-recipients:;", false},
	} {
		from, plain := From([]string{c.from})
		if from.Value != c.value || from.Name != c.name || plain != c.plain {
			t.Errorf("%s: %q %q %v, want %q %q %v", c.from, from.Value, from.Name, plain, c.value, c.name, c.plain)
		}
	}
	if _, plain := From([]string{"a@b.it", "c@d.it"}); plain {
		t.Error("two From fields vouch for a sender")
	}
}

func TestE37AddressLists(t *testing.T) {
	got := Addresses([]string{`Team: "Rossi, M." <m@r.it>, b@x.it (Bi, anche), M@R.IT; c@x.it, not an address, <d@x.it>`})
	var values []string
	for _, a := range got {
		values = append(values, a.Value)
	}
	if s := strings.Join(values, " "); s != "m@r.it b@x.it c@x.it d@x.it" || got[0].Name != "Rossi, M." || got[1].Name != "Bi, anche" {
		t.Errorf("%+v", got)
	}
}

func TestE17MalformedMessageIDs(t *testing.T) {
	for value, want := range map[string]string{
		"<a@b>": "a@b", " <a@b> ": "a@b", "a@b": "", "<a@@b>": "", "<a b@c>": "", "<>": "", "": "", "<@b>": "", "<a@>": "", "<ab>": "",
		"<" + strings.Repeat("a", 1000) + "@b>": "", "<A@B>": "A@B", "<a\x01@b>": "", "<a@b> <c@d>": "",
	} {
		if got := ID(value); got != want {
			t.Errorf("%.60q: %q, want %q", value, got, want)
		}
	}
}

func TestE36Charsets(t *testing.T) {
	for _, c := range []struct{ bytes, label, want string }{
		{"100 \x80 \x93ciao\x94", "iso-8859-1", "100 € “ciao”"},
		{"citt\xe0", "", "città"},
		{"citt\xe0", "us-ascii", "città"},
		{"citt\xc3\xa0", "iso-8859-1", "città"},
		{"citt\xc3\xa0", "x-unknown", "città"},
		{"citt\xe0 a", "utf-8", "citt\uFFFD a"},
		{"\xd6\xd0\xce\xc4", "gb2312", "中文"},
		{"\x1b$B%F%9%H\x1b(B", "iso-2022-jp", "テスト"},
		{"\xd0\xd2\xc9\xd7\xc5\xd4", "koi8-r", "привет"},
		{"\x83e\x83X\x83g", "Shift_JIS", "テスト"},
		{"\xd6\xd0\x81\x30\x84\x36", "gb2312", "中¥"},
		{"\x8f\xa4\x95i\x82\xaa\x93\xcd\x82\xab\x82\xdc\x82\xb9\x82\xf1", "x-sjis", "商品が届きません"},
		{"\x1b$B>&IJ$,FO$-$^$;$s\x1b(B", "us-ascii", "商品が届きません"},
		{"Hi Mom +Jjo--+AOk-t+AOk-", "utf-7", "Hi Mom ☺-été"},
		{"1 +- 1", "unicode-1-1-utf-7", "1 + 1"},
		{"citt\xe0", "x-unknown", "città"},
		{"citt\xe0", "unknown-8bit", "città"},
		{"citt\xe0", "iso-8859-15", "città"},
		{"10 \xa4", "iso-8859-15", "10 €"},
		{"\x82t\x82", "cp850", "été"},
		{"\x8d\x8e", "macintosh", "çé"},
		{"\xe2\xec", "windows1251", "вм"},
		{"citt\xc3\xa0", "koi8-r", "città"},
		{"\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xbd\xa0", "gb2312", "你好你"},
		{"\xe4\xbd\xa0\xe5\xa5\xbd\xef\xbc\x8c", "big5", "你好，"},
		{"a\x00b\x00", "utf-16le", "ab"},
		{"\xfe\xff\x00a\x00\xe0", "utf-16", "aà"},
		{"\xef\xbb\xbfciao", "utf-8", "ciao"},
		{"p\xe9rdu \xe0 No\xebl, d\xe9j\xe0", "utf-8", "pérdu à Noël, déjà"},
		{"\xcd\xe5 \xef\xf0\xe8\xf8\xb8\xeb \xe7\xe0\xea\xe0\xe7, \xef\xee\xec\xee\xe3\xe8\xf2\xe5", "", "Не пришёл заказ, помогите"},
		{"\xee\xc5 \xd0\xd2\xc9\xdb\xc5\xcc \xda\xc1\xcb\xc1\xda, \xd0\xcf\xcd\xcf\xc7\xc9\xd4\xc5", "", "Не пришел заказ, помогите"},
		{"\x8f\xa4\x95i\x82\xaa\x93\xcd\x82\xab\x82\xdc\x82\xb9\x82\xf1\x81B", "", "商品が届きません。"},
		{"\xbe\xa6\xc9\xca\xa4\xac\xc6\xcf\xa4\xad\xa4\xde\xa4\xbb\xa4\xf3\xa1\xa3", "", "商品が届きません。"},
		{"\xc4\xfa\xba\xc3\xa3\xac\xce\xd2\xb5\xc4\xb6\xa9\xb5\xa5\xc3\xbb\xd3\xd0\xca\xd5\xb5\xbd\xa1\xa3", "", "您好，我的订单没有收到。"},
		{"\xc1\xd6\xb9\xae\xc7\xd1 \xbb\xf3\xc7\xb0\xc0\xcc \xbf\xc0\xc1\xf6 \xbe\xca\xbe\xd2\xbd\xc0\xb4\xcf\xb4\xd9", "x-unknown", "주문한 상품이 오지 않았습니다"},
		{"a\x00b\r\nc\rd", "utf-8", "ab\nc\nd"},
		{"ok", `"charset=utf-8"`, "ok"},
	} {
		if got := Decode([]byte(c.bytes), c.label); got != c.want {
			t.Errorf("%q as %q: %q, want %q", c.bytes, c.label, got, c.want)
		}
	}
}

// E-36: a word of a subject in whatever charset it says, also split within a character.
func TestE37Words(t *testing.T) {
	for in, want := range map[string]string{
		"=?utf-8?Q?Citt=C3?= =?utf-8?Q?=A0?=":                           "Città",
		"=?utf-8?B?5ZWG?=\r\n =?utf-8?B?5ZOB?=":                         "商品",
		"=?UTF-8?B?5ZU=?= =?UTF-8?B?hg==?=":                             "商",
		"=?iso-2022-jp?B?GyRCPiYbKEI=?= =?iso-2022-jp?B?GyRCSUobKEI=?=": "商品",
		"=?gb2312?B?1tA=?=a =?koi8-r?Q?=D0=D2?=":                        "中a пр",
		"=?utf-8*it?Q?perch=C3=A9?=":                                    "perché",
		"=?utf-8?Q?what??=":                                             "what?",
		"=?utf-8?Q?a b?= c":                                             "a b c",
		"=?utf-8?X?no?=":                                                "=?utf-8?X?no?=",
		"=?utf-8?Q?a=0D=0ABcc:_x?=":                                     "a Bcc: x",
		"=?nonsense?Q?citt=E0?=":                                        "città",
		"prima =?utf-8?q?=C3=A8?= dopo":                                 "prima è dopo",
		"\"=?utf-8?q?=C3=A8?=\"":                                        "\"è\"",
		"=?utf-8?B?w6g?=":                                               "è",
		"=?utf-7?Q?+AOk-?=":                                             "é",
		"citt\xc3\xa0":                                                  "città",
		"citt\xe0":                                                      "città",
		"pay\u202Egnp.exe":                                              "paygnp.exe",
		"a\x00\x1b[31mb\u2028c":                                         "a[31mb c",
	} {
		if got := Words(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// A subject of a megabyte is read as far as a person would, and as what it is.
func TestE38LongWordsAreCut(t *testing.T) {
	for _, lead := range []string{"", "a", "ab"} {
		if got := Words(lead + strings.Repeat("è商", 300_000)); !strings.HasPrefix(got, lead+"è商è") || len(got) > wordsMost || strings.Contains(got, "\uFFFD") {
			t.Errorf("%d bytes: %.20q", len(got), got)
		}
	}
}

func TestE37DatesThatAreNearlyRight(t *testing.T) {
	for in, want := range map[string]string{
		"Mon, 2 Nov 2026 10:00:00 +0100":         "2026-11-02T09:00:00Z",
		"Mon, 02 Nov 2026 10:00:00 +0100 (CET)":  "2026-11-02T09:00:00Z",
		"2 Nov 2026 10:00 EST":                   "2026-11-02T15:00:00Z",
		"2 Nov 26 10:00:00 GMT":                  "2026-11-02T10:00:00Z",
		"Mon Nov  2 10:00:00 2026":               "2026-11-02T10:00:00Z",
		"Mon Nov  2 10:00:00 CET 2026":           "2026-11-02T09:00:00Z",
		"Monday, 2-Nov-26 10:00:00 UT":           "2026-11-02T10:00:00Z",
		"2026-11-02T10:00:00+01:00":              "2026-11-02T09:00:00Z",
		"2026-11-02 10:00:00":                    "2026-11-02T10:00:00Z",
		"Mon, 2 November 2026 01:00:00 PM -0800": "2026-11-02T21:00:00Z",
		"Mon, 2 Nov 2026 10:00:60 -0000":         "2026-11-02T10:00:59Z",
		"2 Nov 2026 10:00:00 GMT+0100":           "2026-11-02T09:00:00Z",
		"31 Feb 2026 10:00:00 +0000":             "",
		"2 Nov 2026":                             "",
		"yesterday":                              "",
		"":                                       "",
		"1 Jan 1970 00:00:00 +0000":              "",
		"99 Nov 2026 99:00:00 +9999":             "",
	} {
		got := ""
		if d := Date(in); !d.IsZero() {
			got = d.Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// E-37: where the empty line was forgotten the body is not lost, and a fold without its blank is one.
func TestE37HeaderWithoutEmptyLine(t *testing.T) {
	for _, c := range []struct{ raw, fields, body string }{
		{"From: a@x.it\nSubject: uno\nBuongiorno a tutti,\n\necco.\n", "from=a@x.it subject=uno", "Buongiorno a tutti,\n\necco.\n"},
		{"From: a@x.it\nuna riga persa\nSubject: uno\n\necco.\n", "from=a@x.it subject=uno", "ecco.\n"},
		{"From: a@x.it\n>From b@x.it Mon Mar  4\n\necco.\n", "from=a@x.it", "ecco.\n"},
		{"From: a@x.it\nX-Empty\n\necco.\n", "from=a@x.it", "ecco.\n"},
		{"Content-Type: multipart/mixed;\nboundary=\"x\"\n\n--x\n", "content-type=multipart/mixed; boundary=\"x\"", "--x\n"},
		{"From: a@x.it\nBuongiorno a tutti,\n  rientrato\n", "from=a@x.it", "Buongiorno a tutti,\n  rientrato\n"},
	} {
		h, body := Split([]byte(c.raw))
		var fields []string
		for _, f := range h {
			fields = append(fields, f.Name+"="+f.Value)
		}
		if got := strings.Join(fields, " "); got != c.fields || string(body) != c.body {
			t.Errorf("%q: %q %q", c.raw, got, body)
		}
	}
}

// E-37: commas that were forgotten, and words that only look like addresses.
func TestE37AddressesWithoutCommas(t *testing.T) {
	for list, want := range map[string]string{
		"a@x.it b@x.it": "a@x.it b@x.it", "A <a@x.it> B <b@x.it>": "a@x.it b@x.it", "a@x.it and others": "a@x.it", "=?utf-8?Q?A_<a@x.it>,_B?= <b@x.it>": "b@x.it",
		"mario@casa <a@x.it>": "a@x.it", "<a@x.it> <b@x.it": "a@x.it b@x.it",
	} {
		var got []string
		for _, a := range Addresses([]string{list}) {
			got = append(got, a.Value)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %s", list, got, want)
		}
	}
}

// E-36: a few letters of ISO 8859-1 under the label of UTF-8 are read; half a character is not.
func TestE36WesternUnderTheWrongLabel(t *testing.T) {
	for in, want := range map[string]string{
		"na\xefve caf\xe9s": "naïve cafés", "caf\xc3": "caf\uFFFD", "a \xff b": "a \uFFFD b", "perch\xe9, \xe8 cos\xec.": "perché, è così.",
	} {
		if got := Decode([]byte(in), "utf-8"); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestE37DatesNearlyRight(t *testing.T) {
	for in, want := range map[string]string{
		"Tue, 5 Mar 2024 10:15:33 +01:00": "2024-03-05T09:15:33Z", "5 Mar 2024 10:15+0100": "2024-03-05T09:15:00Z", "5 Mar 2024 10.15.33 +0100": "2024-03-05T09:15:33Z",
		"Tue, 05 Mar 2024 10:15:33 GMT+01:00": "2024-03-05T09:15:33Z", "Tue, 5 Mar 2024 24:15:33 +0000": "0001-01-01T00:00:00Z",
	} {
		if got := Date(in).Format("2006-01-02T15:04:05Z07:00"); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}
