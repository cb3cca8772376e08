package letter

import (
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var mutated = flag.Int("mails", 3000, "how many mutated mails TestREQEM3MutatedMails reads")

// tokens are what a mutation puts in: what mails are made of.
var tokens = []string{"\r\n", "\n", "\r\n\r\n", "--b\r\n", "--b--\r\n", "Content-Type: multipart/mixed; boundary=b\r\n", "Content-Type: text/html\r\n", "Content-Transfer-Encoding: base64\r\n",
	"=?utf-8?B?", "?=", "\x00", "\xff", "\u202e", "<div>", "<!--", "begin 644 x\r\n", "boundary=", "charset=utf-7", "message/rfc822", "\"", "(", "=\r\n", ">>>> ", "From: ", "BEGIN:VEVENT\r\n",
	"\x78\x9f\x3e\x22\x01\x00", "application/ms-tnef", "multipart/signed", "multipart/alternative", "On Mon, Anna <a@x.it> wrote:\r\n", "Content-Type: text/calendar\r\n"}

// mutate changes a mail in one to six places.
func mutate(r *rand.Rand, seeds [][]byte) []byte {
	m := slices.Clone(seeds[r.IntN(len(seeds))])
	for range 1 + r.IntN(6) {
		at := r.IntN(len(m) + 1)
		end := min(len(m), at+r.IntN(200))
		switch r.IntN(7) {
		case 0:
			if at < len(m) {
				m[at] ^= byte(1 << r.IntN(8))
			}
		case 1:
			m = slices.Delete(m, at, end)
		case 2:
			m = slices.Insert(m, at, []byte(tokens[r.IntN(len(tokens))])...)
		case 3:
			m = slices.Insert(m, at, m[at:end]...)
		case 4:
			m = m[:at]
		case 5:
			other := seeds[r.IntN(len(seeds))]
			from := r.IntN(len(other) + 1)
			m = append(m[:at], other[from:]...)
		case 6:
			m = slices.Insert(m, at, []byte(strings.Repeat(tokens[r.IntN(len(tokens))], r.IntN(200)))...)
		}
	}
	return m
}

// REQ-EM3: whatever becomes of a mail on its way, it is read in time, without a panic, and leaves something that can be shown. make
// fuzz-mail reads 100,000.
func TestREQEM3MutatedMails(t *testing.T) {
	names, err := filepath.Glob("testdata/mail/*.eml")
	if err != nil {
		t.Fatal(err)
	}
	seeds := [][]byte{
		multi("mixed", "Content-Type: text/plain\n\nUno", "Content-Type: message/rfc822\n\nFrom: a@b\nSubject: x\n\nDue"), multi("alternative", "\nUno", "Content-Type: text/calendar; method=REQUEST\n\n"+invitation),
		multi("signed; protocol=\"application/pgp-signature\"", "\nUno", "Content-Type: application/pgp-signature\n\nx"),
	}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		seeds = append(seeds, raw)
	}
	r := rand.New(rand.NewPCG(1, 2))
	var slowest time.Duration
	var peak uint64
	panics, flaws := 0, 0
	for n := range *mutated {
		raw := mutate(r, seeds)
		start := time.Now()
		m := Read(raw, Reading{Own: []string{support}})
		if took := time.Since(start); took > slowest {
			slowest = took
		}
		if m.Flaw != "" {
			flaws++
		}
		if strings.Contains(m.Flaw, "not read:") {
			panics++
			t.Errorf("mail %d: %s\n%q", n, m.Flaw, raw)
		}
		if m.External == "" || !utf8.ValidString(m.Text+m.HTML+m.Subject+m.From.Name) || strings.ContainsRune(m.Text, 0) {
			t.Errorf("mail %d: %q %q", n, m.External, raw)
		}
		for _, f := range m.Details.Folds {
			if f.From < 0 || f.From > f.To || f.To > len(m.Text) {
				t.Errorf("mail %d: fold %+v of %d", n, f, len(m.Text))
			}
		}
		if n%500 == 0 {
			peak = max(peak, heap())
		}
	}
	if slowest > 2*time.Second {
		t.Errorf("the slowest took %v", slowest)
	}
	t.Logf("%d mails, %d flawed, %d panics, slowest %v, peak heap %d MiB, %d goroutines", *mutated, flaws, panics, slowest.Round(time.Microsecond), max(peak, heap())>>20, runtime.NumGoroutine())
}

// heap is the memory that objects take, in bytes.
func heap() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
