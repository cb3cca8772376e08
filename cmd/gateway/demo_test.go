package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"sportello/agentui/wire"
	"sportello/channels"
	"sportello/channels/channeltest"
	"sportello/channels/pause"
	"sportello/cmd/gateway/demo"
	"sportello/inbox"
	"sportello/inbox/live"
)

// running is a demo in this process.
type running struct {
	t    *testing.T
	base string
	stop func()
	http *http.Client
	csrf string
}

// startDemo runs the demo on a folder until stop is called, as `gateway demo` does.
func startDemo(t *testing.T, dir string) *running {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ready, code, logs := make(chan string, 1), make(chan int, 1), new(bytes.Buffer)
	out := writerFunc(func(p []byte) (int, error) { ready <- string(p); return len(p), nil })
	go func() {
		code <- run(ctx, []string{"demo", "--data", dir, "--listen", address, "--no-traffic"}, nil, out, logs)
	}()
	r := &running{t: t, base: "http://" + address}
	r.stop = func() {
		cancel()
		if c := <-code; c != 0 {
			t.Errorf("the demo ended with %d:\n%s", c, logs)
		}
		r.http.CloseIdleConnections()
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	r.http = &http.Client{Jar: jar, Timeout: 10 * time.Second, Transport: &http.Transport{}}
	select {
	case greeting := <-ready:
		for _, want := range []string{r.base + "/ ", r.base + "/demo/", "curl"} {
			if !strings.Contains(greeting, want) {
				t.Errorf("the greeting does not name %q:\n%s", want, greeting)
			}
		}
	case c := <-code:
		cancel()
		t.Fatalf("the demo ended with %d:\n%s", c, logs)
	}
	return r
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// call asks the API and decodes its answer into answer, unless that is nil.
func (r *running) call(method, path string, body, answer any) error {
	var in io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return err
		}
		in = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.base+path, in)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-CSRF-Token", r.csrf)
	res, err := r.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s %s", method, path, res.Status, raw)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(raw, answer)
}

func (r *running) must(method, path string, body, answer any) {
	r.t.Helper()
	if err := r.call(method, path, body, answer); err != nil {
		r.t.Fatal(err)
	}
}

func (r *running) signIn(agent inbox.AgentID) {
	r.t.Helper()
	var me wire.Me
	r.must("POST", "/api/session/demo", wire.DemoSignIn{Agent: agent}, &me)
	r.csrf = me.CSRF
}

// until polls look until it reports true; a demo's mail takes the time of one IMAP push.
func (r *running) until(what string, look func() bool) {
	r.t.Helper()
	end := time.Now().Add(20 * time.Second)
	for !look() {
		if time.Now().After(end) {
			r.t.Fatalf("still not after 20 s: %s", what)
		}
		pause.For(r.t.Context(), 20*time.Millisecond)
	}
}

// waiting is the waiting conversation whose preview contains text.
func (r *running) waiting(text string) (found inbox.Conversation, ok bool) {
	var work wire.Work
	r.must("GET", "/api/work", nil, &work)
	for _, c := range work.Waiting {
		if strings.Contains(c.Preview, text) {
			return c, true
		}
	}
	return found, false
}

// answer takes a conversation that waits, and replies; kind "" leaves the channel to the gateway.
func (r *running) answer(question, text string, kind channels.Kind) inbox.ConversationID {
	r.t.Helper()
	var c inbox.Conversation
	r.until(question+" waits", func() (ok bool) { c, ok = r.waiting(question); return ok })
	path := "/api/conversations/" + string(c.ID)
	r.must("POST", path+"/take", wire.Command{ClientID: uuid.NewString()}, &c)
	if c.Assignee != "giulia" {
		r.t.Fatalf("taken by %q", c.Assignee)
	}
	var done wire.ReplyResult
	r.must("POST", path+"/reply", wire.Reply{ClientID: uuid.NewString(), SeenSeq: c.LastSeq, Text: text, Kind: kind}, &done)
	if done.Done == nil {
		r.t.Fatalf("reply: %+v", done)
	}
	return c.ID
}

func (r *running) received(kind, text string) bool {
	var all []demo.Received
	r.must("GET", "/demo/received", nil, &all)
	for _, m := range all {
		if m.Kind == kind && strings.Contains(m.Text, text) {
			return true
		}
	}
	return false
}

// The demo takes a mail, a text and a chat, an agent answers all three, each answer arrives by its channel, and what happened is
// still there after a restart (N6).
func TestDemoAnswersOnEveryChannelAndSurvivesARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := startDemo(t, dir)
	r.signIn("giulia")
	var state live.AgentState
	r.must("PUT", "/api/me/presence", wire.SetPresence{Presence: live.Away, Reason: "test"}, &state)
	r.until("the seeded mail of Sara Colombo waits", func() bool {
		c, ok := r.waiting("P. IVA 01234567897")
		return ok && c.CustomerName == "Sara Colombo"
	})

	r.must("POST", "/demo/mail", map[string]string{"from": demo.Anna.Email, "subject": "Una prova", "text": "Arriva questa mail?"}, nil)
	mail := r.answer("Arriva questa mail?", "Arrivata.", channels.Email) // she prefers SMS
	r.until("the reply is in Anna's mailbox", func() bool { return r.received("email", "Arrivata.") })

	r.must("POST", "/demo/sms", map[string]string{"from": "+393494445566", "text": "Arriva questo SMS?"}, nil)
	r.answer("Arriva questo SMS?", "Arrivato.", "")
	r.until("the reply is on the phone", func() bool { return r.received("sms", "Arrivato.") })

	visitor, err := channeltest.NewVisitor(t.Context(), r.base, string(demo.ChatID), r.base, "it")
	if err != nil {
		t.Fatal(err)
	}
	if err := visitor.Say(t.Context(), uuid.NewString(), "Arriva questa chat?"); err != nil {
		t.Fatal(err)
	}
	r.answer("Arriva questa chat?", "Eccola.", "")
	if line := <-visitor.Lines(); line.Text != "Eccola." || line.Name != "Giulia" {
		t.Errorf("the visitor got %+v", line)
	}
	if err := visitor.Close(); err != nil {
		t.Error(err)
	}
	r.stop()

	r = startDemo(t, dir)
	defer r.stop()
	r.signIn("giulia")
	var thread wire.Thread
	r.must("GET", "/api/conversations/"+string(mail), nil, &thread)
	if thread.Conversation.Assignee != "giulia" || thread.Customer.Name != "Anna Rossi" {
		t.Errorf("after the restart: %+v", thread.Conversation)
	}
	kinds := map[string]bool{}
	for _, item := range thread.Timeline.Items {
		if item.Message != nil && item.Message.Direction == inbox.In {
			kinds[string(item.Message.Kind)] = true
		}
	}
	if !kinds["email"] || !kinds["sms"] {
		t.Errorf("Anna wrote by mail and by SMS; her timeline shows %v (SD-07)", kinds)
	}
	r.until("the live inbox has the conversation again", func() bool {
		var work wire.Work
		r.must("GET", "/api/work", nil, &work)
		return len(work.Mine) == 4 // one of the seed
	})
}

// Whoever tries the demo meets at once what the console shows of mails: reports that reach the very message, an exchange that was
// stopped, warnings, an invitation, files, seals, folds, and a mail without readable words.
func TestDemoBeginsWithLettersOfEveryKind(t *testing.T) {
	r := startDemo(t, t.TempDir())
	defer r.stop()
	r.signIn("carla")
	var told wire.Deliveries
	r.until("reports and the stopped exchange are listed", func() bool {
		r.must("GET", "/api/deliveries", nil, &told)
		return len(told.Reports) == 2 && len(told.Stopped) == 1
	})
	if told.Reports[0].Known || !told.Reports[1].Known || told.Stopped[0].Reason != inbox.StopRepeats {
		t.Errorf("%+v", told)
	}
	found := map[string]bool{}
	r.until("the last letter waits", func() (ok bool) { _, ok = r.waiting("vi propongo un sopralluogo"); return ok })
	var work wire.Work
	r.must("GET", "/api/work", nil, &work)
	for _, c := range work.Waiting {
		var thread wire.Thread
		r.must("GET", "/api/conversations/"+string(c.ID), nil, &thread)
		for _, item := range thread.Timeline.Items {
			if m := item.Message; m != nil && m.Direction == inbox.In {
				for name, is := range kindsOfMail(m) {
					found[name] = found[name] || is
				}
			}
		}
	}
	for name, is := range found {
		if !is {
			t.Errorf("no mail of this kind: %s", name)
		}
	}
}

func kindsOfMail(m *inbox.Message) map[string]bool {
	d := m.Details
	folds := map[channels.FoldKind]bool{}
	for _, f := range d.Folds {
		folds[f.Kind] = true
	}
	trust := func(result string) bool { return d.Trust != nil && d.Trust.DMARC == result }
	return map[string]bool{
		"quote": folds[channels.FoldQuote], "signature": folds[channels.FoldSignature], "disclaimer": folds[channels.FoldDisclaimer],
		"forwarded": d.Forward != nil, "verified": trust("pass"), "failed": trust("fail"), "invitation": len(d.Calendar) > 0,
		"encrypted": d.Crypt != nil && d.Crypt.Failure == channels.SealNoKey, "signed": d.Crypt != nil && d.Crypt.Valid != nil && *d.Crypt.Valid && !d.Crypt.Encrypted,
		"opened": d.Crypt != nil && d.Crypt.Opened && d.Crypt.Subject != "" && d.Crypt.Valid != nil && *d.Crypt.Valid,
		"brand":  slices.Contains(d.Warnings, "brand_name"), "reply-to": slices.Contains(d.Warnings, "reply_to_differs"),
		"newsletter": m.Auto == channels.AutoList, "unreadable": m.Flaw != "" && !m.HasHTML, "remote pictures": m.RemoteImages,
		"files": len(m.Parts) >= 6,
	}
}
