package agentui

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"sportello/agentui/wire"
	"sportello/channels"
	"sportello/inbox/db"
	"sportello/inbox/inboxtest"
)

// N7, REQ-OUT2: the console is offered reply-all without us; a stranger is named and taken only when confirmed; the mail can be taken back.
func TestN7RecipientsOfAReply(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		b := r.as("anna")
		got := r.mail("cliente@example.it", "x", func(in *channels.Inbound) {
			in.Cc = []channels.Address{{Kind: channels.Email, Value: "capo@example.it", Name: "Capo"}}
		})
		conv := r.owned("anna", got)
		path := "/api/conversations/" + string(conv.ID)
		var env wire.Envelope
		if code := b.do("GET", path+"/envelope", nil, &env); code != 200 || len(env.To) != 1 || env.To[0].Value != "cliente@example.it" ||
			len(env.Cc) != 1 || env.Cc[0].Value != "capo@example.it" || env.Subject != "Re: Ordine" || !slices.Contains(env.Known, "capo@example.it") {
			t.Fatalf("%d %+v", code, env)
		}
		in := wire.Reply{ClientID: newID(), SeenSeq: conv.LastSeq, Text: "Sì", To: []string{"Cliente <Cliente@Example.it>"},
			Cc: []string{"capo@example.it", "altro@example.org"}, Subject: "Nuovo oggetto"}
		var refused struct {
			wire.Problem
			wire.ReplyResult
		}
		if code := b.do("POST", path+"/reply", in, &refused); code != 422 || refused.Code != "new_recipient" || !slices.Equal(refused.New, []string{"altro@example.org"}) {
			t.Fatalf("%d %+v", code, refused)
		}
		in.Confirmed = refused.New
		var sent wire.ReplyResult
		if code := b.do("POST", path+"/reply", in, &sent); code != 200 || sent.Done == nil || len(sent.Done.Cc) != 2 || sent.Done.Subject != "Nuovo oggetto" ||
			time.Until(sent.CancelUntil) < 30*time.Second {
			t.Fatalf("%d %+v", code, sent)
		}
		var back struct{ State channels.State }
		cancel := path + "/messages/" + string(sent.Done.ID) + "/cancel"
		if code := r.as("bruno").do("POST", cancel, wire.Command{ClientID: newID()}, nil); code != http.StatusForbidden {
			t.Errorf("another agent: %d", code)
		}
		if code := b.do("POST", cancel, wire.Command{ClientID: newID()}, &back); code != 200 || back.State != channels.StateCanceled {
			t.Fatalf("%d %+v", code, back)
		}
		if rows, err := r.outbox.Rows(t.Context(), sent.Done.ID); err != nil || len(rows) != 1 || rows[0].State != channels.StateCanceled {
			t.Fatal(rows, err)
		}
	})
}

// What is no address is refused by field and place.
func TestRecipientsAreAddresses(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	b := r.as("anna")
	conv := r.mine("anna", "cliente@example.it")
	for _, bad := range []string{"", "x", "a@b", "a@b.it, c@d.it", "a b@c.it", "a@b.it\r\nBcc: c@d.it", "<>", "a@" + strings.Repeat("x", 300) + ".it"} {
		var p wire.Problem
		in := wire.Reply{ClientID: newID(), SeenSeq: conv.LastSeq, Text: "x", To: []string{"cliente@example.it", bad}}
		if code := b.do("POST", "/api/conversations/"+string(conv.ID)+"/reply", in, &p); code != 422 || p.Fields["to.1"] != "address" {
			t.Errorf("%q: %d %+v", bad, code, p)
		}
	}
}

// Files of a reply: kept by content, typed by content, measured by us; they leave with the mail and with no chat line.
func TestFilesOfAReply(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	b := r.as("anna")
	conv := r.mine("anna", "cliente@example.it")
	put := func(name string, data []byte) (wire.Attachment, int) {
		res := b.raw("POST", "/api/files?name="+name, data, map[string]string{"Content-Type": "application/octet-stream"})
		defer res.Body.Close()
		raw, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		var f wire.Attachment
		if err := json.Unmarshal(raw, &f); err != nil {
			t.Fatal(err)
		}
		return f, res.StatusCode
	}
	page, code := put("..%2F..%2Ffoto.png", []byte("<!DOCTYPE html><script>x</script>"))
	if code != 200 || page.Name != "foto.png" || page.Type != "text/html" || page.Size != 33 {
		t.Fatalf("%d %+v", code, page)
	}
	if f, _ := put("lista.csv", []byte("a,b\n1,2\n")); f.Type != "text/csv" {
		t.Errorf("%+v", f)
	}
	for name, c := range map[string]struct {
		data []byte
		want int
	}{"": {[]byte("x"), 422}, "leer.txt": {[]byte{}, 422}, "gross.bin": {bytes.Repeat([]byte{1}, mostFile+1), 413}} {
		if _, code := put(name, c.data); code != c.want {
			t.Errorf("%q: %d, want %d", name, code, c.want)
		}
	}
	path := "/api/conversations/" + string(conv.ID) + "/reply"
	lie := wire.Attachment{Blob: page.Blob, Name: "a/b\u202egnp.png", Type: "image/png", Size: 1}
	var sent wire.ReplyResult
	if code := b.do("POST", path, wire.Reply{ClientID: newID(), SeenSeq: conv.LastSeq, Files: []wire.Attachment{lie}}, &sent); code != 200 || len(sent.Done.Parts) != 1 {
		t.Fatalf("%d %+v", code, sent)
	}
	if p := sent.Done.Parts[0]; p.Type != "text/html" || p.Size != 33 || p.Name != "b_gnp.png" || p.Blob != page.Blob {
		t.Errorf("%+v", p)
	}
	for _, bad := range []channels.BlobID{"", "x", "../../etc/passwd", channels.BlobID(strings.Repeat("0", 64))} {
		in := wire.Reply{ClientID: newID(), SeenSeq: sent.Done.Seq, Text: "x", Files: []wire.Attachment{{Blob: bad, Name: "x"}}}
		if code := b.do("POST", path, in, nil); code != 422 && code != 404 {
			t.Errorf("%q: %d", bad, code)
		}
	}
	chat := r.chat(visitor, "ciao")
	r.assign(chat, "anna")
	in := wire.Reply{ClientID: newID(), SeenSeq: 99, Text: "x", Kind: channels.Chat, Files: []wire.Attachment{{Blob: page.Blob, Name: "x"}}}
	var p wire.Problem
	if code := b.do("POST", "/api/conversations/"+string(chat)+"/reply", in, &p); code != 422 || p.Code != "no_files" {
		t.Errorf("%d %+v", code, p)
	}
}
