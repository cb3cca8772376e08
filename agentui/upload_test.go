package agentui

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"sportello/agentui/wire"
	"sportello/channels"
	"sportello/inbox/inboxtest"
)

// E-45: a file that may not be sent is refused when it is attached, with a reason of its own, and again when a reply names it: also under
// another name than the one that was allowed.
func TestE45AgentsFilesAreInspected(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	b := r.as("anna")
	conv := r.mine("anna", "cliente@example.it")
	broken := false
	r.inspect = func(_ context.Context, p channels.Part) (channels.Part, error) {
		if broken {
			return p, errors.New("the vault is away")
		}
		name, _, _ := strings.Cut(p.Name, ".")
		if p.Check = channels.Check(name); name == "infected" {
			p.Threat = "Worm"
		}
		if p.Size != 5 || p.Blob == "" || p.Type == "" {
			t.Errorf("%+v", p)
		}
		return p, nil
	}
	put := func(name string) (f wire.Attachment, p wire.Problem, code int) {
		res := b.raw("POST", "/api/files?name="+name, []byte("hello"), map[string]string{"Content-Type": "application/octet-stream"})
		defer res.Body.Close()
		into := any(&f)
		if code = res.StatusCode; code != 200 {
			into = &p
		}
		if err := json.NewDecoder(res.Body).Decode(into); err != nil {
			t.Fatal(err)
		}
		return f, p, code
	}
	good, _, code := put("clean.txt")
	if code != 200 {
		t.Fatal(code)
	}
	reply := func(name string) (p wire.Problem, sent wire.ReplyResult, code int) {
		in := wire.Reply{ClientID: newID(), SeenSeq: 1 << 30, Text: "x", Files: []wire.Attachment{{Blob: good.Blob, Name: name}}}
		path := "/api/conversations/" + string(conv.ID) + "/reply"
		var body struct {
			wire.Problem
			wire.ReplyResult
		}
		code = b.do("POST", path, in, &body)
		return body.Problem, body.ReplyResult, code
	}
	for check, want := range map[channels.Check]struct {
		status int
		code   string
	}{
		channels.CheckInfected: {422, "file_infected"}, channels.CheckForbidden: {422, "file_forbidden"},
		channels.CheckTooLarge: {413, "file_too_large"}, channels.CheckUnscanned: {503, "file_unscanned"},
	} {
		name := string(check) + ".txt"
		if _, p, code := put(name); code != want.status || p.Code != want.code || p.Fields["name"] != name || (p.Fields["threat"] == "Worm") != (check == channels.CheckInfected) {
			t.Errorf("%s attached: %d %+v", name, code, p)
		}
		if p, _, code := reply(name); code != want.status || p.Code != want.code {
			t.Errorf("%s sent: %d %+v", name, code, p)
		}
	}
	if _, sent, code := reply("clean.txt"); code != 200 || sent.Done.Parts[0].Check != channels.CheckClean {
		t.Errorf("%d %+v", code, sent)
	}
	r.server.set.SendUnscanned = true
	if _, sent, code := reply("unscanned.txt"); code != 200 || sent.Done.Parts[0].Check != channels.CheckUnscanned {
		t.Errorf("the house sends what nobody has scanned: %d %+v", code, sent)
	}
	if _, _, code := put("infected.txt"); code != 422 {
		t.Errorf("and what is infected all the same: %d", code)
	}
	broken = true
	if _, _, code := put("clean.txt"); code != 500 {
		t.Errorf("%d", code)
	}
}
