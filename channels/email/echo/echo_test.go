package echo

import (
	"strings"
	"testing"

	"sportello/channels/email/field"
)

const sent = "From: Negozio <support@shop.example>\r\nTo: \"Anna\" <anna@example.it>\r\nCc: support@shop.example\r\nSubject: =?utf-8?q?Perch=C3=A9_no=3F?=\r\n" +
	"Date: Mon, 02 Nov 2026 10:00:00 +0100\r\nMessage-ID: <7@shop.example>\r\n"

func headerOf(raw string) field.Header {
	h, _ := field.Split([]byte(raw + "\r\n"))
	return h
}

// E-18: a mail of ours is known when it comes back, also when servers have written its header anew, and nobody else can write one.
func TestE18OnlyOurMailBearsItsMark(t *testing.T) {
	key := []byte("key")
	marked := sent + "X-Sportello-Id: " + Mark(key, "row 1\r\nX: y", headerOf(sent)) + "\r\n"
	if strings.Contains(marked, "\nX: y") || !IsOurs(key, headerOf(marked)) {
		t.Fatal(marked)
	}
	for _, same := range []string{
		strings.Replace(marked, "Subject: =?utf-8?q?Perch=C3=A9_no=3F?=", "Subject:\r\n =?UTF-8?B?UGVyY2jDqSBubz8=?=", 1),
		strings.Replace(marked, "10:00:00 +0100", "09:00:00 +0000", 1),
		strings.Replace(marked, "\"Anna\" <anna@example.it>", "anna@example.it", 1),
		"Received: by mx.example\r\n" + marked,
	} {
		if !IsOurs(key, headerOf(same)) {
			t.Errorf("a server on the way made it a stranger's:\n%s", same)
		}
	}
	for _, other := range []string{
		sent,
		strings.Replace(marked, "<7@shop", "<8@shop", 1),
		strings.Replace(marked, "Perch=C3=A9", "Ora", 1),
		strings.Replace(marked, "10:00:00", "10:00:01", 1),
		strings.Replace(marked, "<anna@", "<mallory@", 1),
		strings.Replace(marked, "Cc: support@shop.example\r\n", "", 1),
		strings.Replace(marked, "row_1", "row_2", 1),
		sent + "X-Sportello-Id: row_1\r\n",
	} {
		if IsOurs(key, headerOf(other)) {
			t.Errorf("a stranger's mail is ours:\n%s", other)
		}
	}
	if IsOurs([]byte("another"), headerOf(marked)) || IsOurs(nil, headerOf(sent+"X-Sportello-Id: "+Mark(nil, "row", headerOf(sent))+"\r\n")) {
		t.Error("another key, or none")
	}
}

// Whatever a stranger writes is not ours.
func FuzzIsOurs(f *testing.F) {
	f.Add(sent + "X-Sportello-Id: " + Mark([]byte("another"), "row", headerOf(sent)))
	f.Add("X-Sportello-Id:  \r\n")
	f.Fuzz(func(t *testing.T, raw string) {
		if IsOurs([]byte("key"), headerOf(raw)) {
			t.Fatalf("%q is ours", raw)
		}
	})
}
