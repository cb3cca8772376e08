package inbox

import (
	"strings"
	"testing"
	"unicode"

	"github.com/google/uuid"

	"sportello/channels"
)

var testKey = []byte("0123456789abcdef0123456789abcdef")

// FuzzE19Token: whatever a stranger writes, only what we signed is believed, and it never breaks.
func FuzzE19Token(f *testing.F) {
	own, leave := signToken(testKey, replyToken, ConversationID(uuid.NewString())), signToken(testKey, leaveToken, ConversationID(uuid.NewString()))
	for _, s := range []string{"", own, leave, strings.ToUpper(own), own + "a", own[:9] + "\n" + own[9:], own[:len(own)-1] + "b", "a.b", strings.Repeat("a", 42), "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		believed := 0
		for _, use := range []string{replyToken, leaveToken} {
			id, ok := readToken(testKey, use, s)
			if ok && signToken(testKey, use, id) != strings.ToLower(s) {
				t.Fatalf("%q was believed for %s", s, id)
			}
			if ok {
				believed++
			}
			if _, ok := readToken(nil, use, s); ok {
				t.Fatal("believed without a key")
			}
		}
		if believed > 1 {
			t.Fatalf("%q is believed for two uses", s)
		}
	})
}

// FuzzREQTH1References: whatever headers say, every id that is looked up is well formed, is there once, and they are few.
func FuzzREQTH1References(f *testing.F) {
	f.Add("a@b", "c@d e@f", "g@h")
	f.Add("", " @ ", "a@@b\x00")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		in := clean(channels.Inbound{Thread: channels.Thread{InReplyTo: strings.Split(a, " "), References: append(strings.Split(b, " "), c)}})
		ids := references(in.Thread)
		if len(ids) > mostRefs {
			t.Fatal(len(ids))
		}
		seen := map[string]bool{}
		for _, id := range ids {
			if seen[id] || strings.Count(id, "@") != 1 || strings.ContainsFunc(id, unicode.IsSpace) || len(id) > 998 {
				t.Fatalf("%q", id)
			}
			seen[id] = true
		}
	})
}

// FuzzPreview: the first line of the list is short and whole, whatever was written.
func FuzzPreview(f *testing.F) {
	f.Add("ciao\n\nmondo")
	f.Add(strings.Repeat("è", 500))
	f.Fuzz(func(t *testing.T, s string) {
		if p := []rune(preview(Message{Text: s})); len(p) > 140 || strings.ContainsAny(string(p), "\n\r\t") {
			t.Fatalf("%q", string(p))
		}
	})
}
