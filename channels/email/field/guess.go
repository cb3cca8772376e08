package field

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

const guessFrom = 8192 // bytes that are looked at

// guess reads text of which no believable charset is known: UTF-8 if it can be, then what its bytes look like, then windows-1252, in
// which everything can be read and Western text is right.
func guess(b []byte) string {
	if utf8.Valid(b) {
		if escapes(b) && bytes.Contains(b, []byte("\x1b$")) {
			if out, err := japanese.ISO2022JP.NewDecoder().Bytes(b); err == nil {
				return string(out)
			}
		}
		return string(b)
	}
	out, err := guessed(b).NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	return string(out)
}

// guessed scores the charsets that are sent without a label. Text in which bytes beyond ASCII stand alone among letters is Western;
// else the charset wins in which most characters are ones that its language really uses.
func guessed(b []byte) encoding.Encoding {
	sample := b[:min(len(b), guessFrom)]
	high, runs, ascii := 0, 0, 0
	for i, c := range sample {
		switch {
		case c >= utf8.RuneSelf:
			high++
			if i == 0 || sample[i-1] < utf8.RuneSelf {
				runs++
			}
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			ascii++
		}
	}
	if high < 4 || high < 2*runs && ascii > high {
		return charmap.Windows1252
	}
	var best encoding.Encoding = charmap.Windows1252
	most := 0.55
	for _, c := range []struct {
		enc   encoding.Encoding
		score func(string) float64
	}{
		{japanese.ShiftJIS, japaneseScore}, {japanese.EUCJP, japaneseScore}, {simplifiedchinese.GB18030, chineseScore},
		{traditionalchinese.Big5, chineseScore}, {korean.EUCKR, koreanScore}, {charmap.KOI8R, cyrillicScore}, {charmap.Windows1251, cyrillicScore},
		{charmap.Windows1253, greekScore},
	} {
		out, err := c.enc.NewDecoder().Bytes(sample)
		if err != nil || bytes.Count(out, []byte("\uFFFD")) > 1 { // the sample may end within a character
			continue
		}
		if s := c.score(string(out)); s > most {
			best, most = c.enc, s
		}
	}
	return best
}

// share returns which part of the characters beyond ASCII good says yes to.
func share(s string, good func(rune) float64) float64 {
	sum, all := 0.0, 0.0
	for _, r := range s {
		if r >= utf8.RuneSelf && r != utf8.RuneError {
			all++
			sum += good(r)
		}
	}
	if all == 0 {
		return 0
	}
	return sum / all
}

// japaneseScore: Japanese has kana between its characters; kana of half width are rare.
func japaneseScore(s string) float64 {
	kana := false
	score := share(s, func(r rune) float64 {
		switch {
		case r >= 0x3041 && r <= 0x30FE:
			kana = true
			return 1
		case r >= 0x3000 && r <= 0x3020, r >= 0xFF01 && r <= 0xFF5E, unicode.Is(unicode.Han, r):
			return 1
		}
		return 0
	})
	if !kana {
		return 0
	}
	return score
}

// commonHan are characters that hardly any Chinese text is without.
const commonHan = "的一是不了在人有我他这這个個们們中来來上大为為和国國地到以说說时時要就出会會可也你对對生能而子那得于於着著下自之年过過发發后後作里裡您好谢謝请請问問订訂单單没沒收货貨"

func chineseScore(s string) float64 {
	common := 0.0
	score := share(s, func(r rune) float64 {
		switch {
		case strings.ContainsRune(commonHan, r):
			common++
			return 1
		case r >= 0x4E00 && r <= 0x9FA5, r >= 0x3000 && r <= 0x3020, r >= 0xFF01 && r <= 0xFF5E:
			return 0.8
		}
		return 0
	})
	if common == 0 {
		return score * 0.7
	}
	return score
}

func koreanScore(s string) float64 {
	return share(s, func(r rune) float64 {
		if unicode.Is(unicode.Hangul, r) {
			return 1
		}
		return 0
	})
}

// cyrillicScore: words are small letters after at most one capital. Read in the wrong charset they are the other way round.
func cyrillicScore(s string) float64 {
	before := ' '
	return share(s, func(r rune) float64 {
		capitalInside := unicode.IsUpper(r) && unicode.IsLower(before)
		before = r
		switch {
		case capitalInside || r < 0x410 || r > 0x451:
			return 0
		case unicode.IsUpper(r):
			return 0.6
		}
		return 0.98
	})
}

func greekScore(s string) float64 {
	return share(s, func(r rune) float64 {
		if r >= 0x3AC && r <= 0x3CE {
			return 0.95
		}
		return 0
	})
}
