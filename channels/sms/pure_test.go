package sms_test

import (
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"sportello/channels"
	"sportello/channels/sms"
)

func TestM07Normalize(t *testing.T) {
	for raw, want := range map[string]struct {
		value string
		form  sms.Form
	}{
		"+393331234567":             {"+393331234567", sms.FormNumber},
		"333 123 4567":              {"+393331234567", sms.FormNumber},
		"0039 333.123.4567":         {"+393331234567", sms.FormNumber},
		"+39 02 12345678":           {"+390212345678", sms.FormNumber},
		"+14155552671":              {"+14155552671", sms.FormNumber},
		"+999123456789":             {"+999123456789", sms.FormNumber}, // a range that no table knows
		"48484":                     {"48484", sms.FormShort},
		"12":                        {"", sms.FormNone},
		"Poste":                     {"Poste", sms.FormName},
		"INPS info":                 {"INPS info", sms.FormName},
		"3Italia":                   {"3Italia", sms.FormName},
		"whatsapp:+393331234567":    {"whatsapp:+393331234567", sms.FormOther},
		"WhatsApp:+393331234567":    {"whatsapp:+393331234567", sms.FormOther},
		"messenger:1234567890":      {"messenger:1234567890", sms.FormOther},
		"rcs:brand_agent":           {"rcs:brand_agent", sms.FormOther},
		"":                          {"", sms.FormNone},
		" \x00 ":                    {"", sms.FormNone},
		"+":                         {"", sms.FormNone},
		"123456789012345678901":     {"", sms.FormNone},
		strings.Repeat("Nome", 100): {"", sms.FormNone},
	} {
		got, form := sms.Normalize(raw, "IT")
		if got.Value != want.value || form != want.form {
			t.Errorf("%q: %q %s, want %q %s", raw, got.Value, form, want.value, want.form)
		}
	}
}

func FuzzNormalize(f *testing.F) {
	for _, s := range []string{"+393331234567", "48484", "Poste", "whatsapp:+39", "06 6982", "+0", "\xff", "0039"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		once, form := sms.Normalize(raw, "IT")
		if (form == sms.FormNone) != once.IsZero() || !utf8.ValidString(once.Value) {
			t.Fatalf("%q: %q %q", raw, once.Value, form)
		}
		if twice, again := sms.Normalize(once.Value, "IT"); twice != once || again != form {
			t.Fatalf("%q: once %q %q, twice %q %q", raw, once.Value, form, twice.Value, again)
		}
	})
}

func TestM17Consent(t *testing.T) {
	local := sms.LocalKeywords("IT")
	for _, c := range []struct {
		text, optOutType string
		ask              channels.Auto
		byProvider       bool
	}{
		{"STOP", "", channels.AutoOptOut, true},
		{"\n«Stop».\u00a0", "", channels.AutoOptOut, true},
		{"opt  out", "", channels.AutoOptOut, true},
		{"StopAll", "", channels.AutoOptOut, true},
		{"revoke", "", channels.AutoOptOut, true},
		{"yes", "", channels.AutoOptIn, true},
		{"Info?", "", channels.AutoHelpRequest, true},
		{"annulla", "", channels.AutoOptOut, false},
		{"AIUTO!", "", channels.AutoHelpRequest, false},
		{"whatever", "stop", channels.AutoOptOut, true},
		{"whatever", "START", channels.AutoOptIn, true},
		{"STOP", "nonsense", channels.AutoOptOut, true},
		{"stop chiamarmi", "", channels.AutoNone, false},
		{"non-stop", "", channels.AutoNone, false},
		{"", "", channels.AutoNone, false},
		{"!!!", "", channels.AutoNone, false},
	} {
		if ask, by := sms.Consent(c.text, c.optOutType, local); ask != c.ask || by != c.byProvider {
			t.Errorf("%q %q: %q %v", c.text, c.optOutType, ask, by)
		}
	}
	for text, want := range map[string]bool{
		"stop please!": true, "ok, basta": true, "basta.": false, "STOP": false,
		"il treno ferma qui, il bus invece fa stop là in fondo": false, "buongiorno": false,
	} {
		if got := sms.SuspectedOptOut(text, local); got != want {
			t.Errorf("suspected %q: %v", text, got)
		}
	}
}

func FuzzConsent(f *testing.F) {
	for _, s := range []string{"STOP", "ſtop", "basta.", "\xff", "ß", "ok stop", "!!"} {
		f.Add(s, "")
	}
	local := sms.LocalKeywords("IT")
	f.Fuzz(func(t *testing.T, text, optOutType string) {
		ask, by := sms.Consent(text, optOutType, local)
		if by && ask == channels.AutoNone {
			t.Fatalf("%q: nothing asked, yet by the provider", text)
		}
		if padded, _ := sms.Consent(" \""+text+"\" !", optOutType, local); padded != ask {
			t.Fatalf("%q: %q, with marks around it %q", text, ask, padded)
		}
		if ask == channels.AutoOptOut && optOutType == "" && sms.SuspectedOptOut(text, local) && !strings.Contains(strings.TrimSpace(text), " ") {
			t.Fatalf("%q: both a keyword and a suspicion", text)
		}
	})
}

func TestM22Segments(t *testing.T) {
	for name, c := range map[string]struct {
		text               string
		encoding           sms.Encoding
		units, parts, left int
	}{
		"empty":                      {"", sms.GSM7, 0, 0, 160},
		"one part":                   {strings.Repeat("a", 160), sms.GSM7, 160, 1, 0},
		"two parts":                  {strings.Repeat("a", 161), sms.GSM7, 161, 2, 145},
		"full two parts":             {strings.Repeat("a", 306), sms.GSM7, 306, 2, 0},
		"three parts":                {strings.Repeat("a", 307), sms.GSM7, 307, 3, 152},
		"Italian accents":            {"àèéìòù", sms.GSM7, 6, 1, 154},
		"the other accent is not":    {"cosí", sms.UCS2, 4, 1, 66},
		"extension costs two":        {"€[]{}\\~|^", sms.GSM7, 18, 1, 142},
		"form feed is extended":      {"\f", sms.GSM7, 2, 1, 158},
		"80 euro signs":              {strings.Repeat("€", 80), sms.GSM7, 160, 1, 0},
		"81 euro signs":              {strings.Repeat("€", 81), sms.GSM7, 162, 2, 153 - 10},
		"extension not split":        {strings.Repeat("a", 152) + "€" + strings.Repeat("a", 10), sms.GSM7, 164, 2, 141},
		"curly quote is UCS-2":       {"l’ora", sms.UCS2, 5, 1, 65},
		"UCS-2 one part":             {strings.Repeat("ж", 70), sms.UCS2, 70, 1, 0},
		"UCS-2 two parts":            {strings.Repeat("ж", 71), sms.UCS2, 71, 2, 63},
		"emoji costs two":            {"😀", sms.UCS2, 2, 1, 68},
		"surrogate pair not split":   {strings.Repeat("ж", 66) + "😀" + strings.Repeat("ж", 10), sms.UCS2, 78, 2, 55},
		"invalid byte is one unit":   {"\xff", sms.UCS2, 1, 1, 69},
		"line feed and return":       {"a\r\nb", sms.GSM7, 4, 1, 156},
		"Greek capitals of GSM-7":    {"ΔΦΓΛΩΠΨΣΘΞ", sms.GSM7, 10, 1, 150},
		"lower-case cedilla is not":  {"ç", sms.UCS2, 1, 1, 69},
		"non-breaking space is not":  {"10\u00a0€", sms.UCS2, 4, 1, 66},
		"35 emoji fill one part":     {strings.Repeat("😀", 35), sms.UCS2, 70, 1, 0},
		"36 emoji: 33 to the part":   {strings.Repeat("😀", 36), sms.UCS2, 72, 2, 61},
		"1600 characters, ten parts": {strings.Repeat("a", 1600), sms.GSM7, 1600, 11, 83},
	} {
		got := sms.Segments(c.text)
		if got.Encoding != c.encoding || got.Units != c.units || got.Parts != c.parts || got.Left != c.left {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// Whatever the text, its parts put together are the text, each fits, and no character is torn.
func FuzzSegments(f *testing.F) {
	f.Add(strings.Repeat("a", 152) + "€a")
	f.Add(strings.Repeat("ж", 66) + "😀")
	f.Add("\xff\xfe")
	f.Fuzz(func(t *testing.T, text string) {
		s := sms.Segments(text)
		parts, from := []string{}, 0
		for _, b := range append(s.Breaks, len(text)) {
			if b < from || b > len(text) {
				t.Fatalf("break %d after %d in %d bytes", b, from, len(text))
			}
			parts, from = append(parts, text[from:b]), b
		}
		if text != "" && len(parts) != s.Parts || (text == "") != (s.Parts == 0) {
			t.Fatalf("%d pieces, %+v", len(parts), s)
		}
		limit := map[sms.Encoding]int{sms.GSM7: 153, sms.UCS2: 67}[s.Encoding]
		if s.Parts == 1 {
			limit = map[sms.Encoding]int{sms.GSM7: 160, sms.UCS2: 70}[s.Encoding]
		}
		for _, p := range parts {
			n := len([]rune(p)) // at least one unit a character
			if s.Encoding == sms.UCS2 {
				n = len(utf16.Encode([]rune(p)))
			}
			if n > limit {
				t.Fatalf("%d units in a part of %d", n, limit)
			}
		}
		if s.Left < 0 || s.Left > limit && text != "" {
			t.Fatalf("%+v", s)
		}
		if plain := sms.Plain(text); utf8.ValidString(text) && sms.Plain(plain) != plain {
			t.Fatalf("plain twice: %q", plain)
		}
	})
}

func TestM22Plain(t *testing.T) {
	if got := sms.Plain("L’ora “giusta” – 10\u00a0€… è così"); got != `L'ora "giusta" - 10 €... è così` || sms.Segments(got).Encoding != sms.GSM7 {
		t.Fatalf("%q", got)
	}
}

func TestM14Table(t *testing.T) {
	for code, want := range map[int]channels.Fault{
		21610: {Class: channels.Permanent, Code: channels.CodeOptedOut},
		21211: {Class: channels.Permanent, Code: channels.CodeBadAddress, Suppress: true},
		21408: {Class: channels.Permanent, Code: channels.CodeConfig},
		21614: {Class: channels.Permanent, Code: channels.CodeNotCapable, Suppress: true},
		21635: {Class: channels.Permanent, Code: channels.CodeNotCapable, Suppress: true},
		21617: {Class: channels.Permanent, Code: channels.CodeTooLarge},
		30001: {Class: channels.Temporary, Code: channels.CodeThrottled},
		30002: {Class: channels.Temporary, Code: channels.CodeAuth},
		30003: {Class: channels.Temporary, Code: channels.CodeUnreachable},
		30004: {Class: channels.Permanent, Code: channels.CodeBlocked},
		30005: {Class: channels.Permanent, Code: channels.CodeBadAddress, Suppress: true},
		30006: {Class: channels.Permanent, Code: channels.CodeNotCapable, Suppress: true},
		30007: {Class: channels.Permanent, Code: channels.CodeBlocked},
		30008: {Class: channels.Temporary, Code: channels.CodeProvider},
		30034: {Class: channels.Permanent, Code: channels.CodeConfig},
		20429: {Class: channels.Temporary, Code: channels.CodeThrottled},
		21704: {Class: channels.Permanent, Code: channels.CodeConfig},
		21705: {Class: channels.Permanent, Code: channels.CodeConfig},
		63016: {Class: channels.Permanent, Code: channels.CodeNotCapable},
		63018: {Class: channels.Temporary, Code: channels.CodeThrottled},
		63024: {Class: channels.Permanent, Code: channels.CodeBadAddress, Suppress: true},
		20003: {Class: channels.Temporary, Code: channels.CodeAuth},
		99999: {Class: channels.Temporary, Code: channels.CodeProvider},
		0:     {Class: channels.Temporary, Code: channels.CodeProvider},
	} {
		got := sms.FaultFor(code, "two\nlines")
		if got.Class != want.Class || got.Code != want.Code || got.Suppress != want.Suppress || got.Detail != "two lines" {
			t.Errorf("%d: %+v", code, got)
		}
		if (got.RetryAfter > 0) && got.Class != channels.Temporary {
			t.Errorf("%d: a failure for good says when to try again", code)
		}
	}
}

func TestConfigNamesEveryProblemAtOnce(t *testing.T) {
	if err := config().Validate(); err != nil {
		t.Fatal(err)
	}
	err := sms.Config{
		Account: "a/b", AccountSID: "AC1", AuthTokens: []string{"top secret!"}, APIKey: "SK1", Number: "02 12345678",
		MessagingServiceSID: "MG1", PublicURL: "help.example.it", APIBase: "ftp://x", Country: "Italy", Timeout: -1,
	}.Validate()
	if err == nil {
		t.Fatal("valid")
	}
	for _, part := range []string{"account id", "account SID", "auth token", "go together", "API key", "E.164", "service SID", "public URL", "API base", "Italy", "timeout"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("no word of %s", part)
		}
	}
	if strings.Contains(err.Error(), "top secret") {
		t.Error("a secret is repeated")
	}
	if _, err := sms.New(config(), sms.Deps{}); err == nil {
		t.Error("built without a sink")
	}
}
