package field

import (
	"strings"
	"testing"
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
		{"a\x00b\r\nc\rd", "utf-8", "ab\nc\nd"},
		{"ok", `"charset=utf-8"`, "ok"},
	} {
		if got := Decode([]byte(c.bytes), c.label); got != c.want {
			t.Errorf("%q as %q: %q, want %q", c.bytes, c.label, got, c.want)
		}
	}
}
