package chat_test

import (
	"errors"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"sportello/channels"
	"sportello/channels/chat"
	"sportello/channels/socket"
)

// C-01: no token, no talk.
func TestC01HelloNeedsAToken(t *testing.T) {
	r := open(t, nil)
	for _, first := range []string{
		`{"t":"hello","token":"x"}`, `{"t":"hello"}`, `{"t":"send","id":"x","text":"x"}`, `{"t":"resume"}`, `{"t":"identify","jwt":"x"}`,
	} {
		b, _, err := r.dial(page)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.ws.WriteMessage(websocket.TextMessage, []byte(first)); err != nil {
			t.Fatal(err)
		}
		if code := b.ends(); code != int(socket.Unauthorized) {
			t.Errorf("%s: closed with %d", first, code)
		}
	}
}

// C-01: a visit is renewed under the same id, and a worthless token becomes a new visit.
func TestC01VisitIsRenewed(t *testing.T) {
	r := open(t, nil)
	token := r.visit("")
	r.resumed(token).write("uno")
	first := visitorOf(r)
	r.pass(25 * 24 * time.Hour)
	again := r.visit(token)
	if again == token {
		t.Error("not renewed")
	}
	r.pass(10 * 24 * time.Hour) // the first has expired
	b := r.tab(again)
	if f := b.hear("visit"); f.Token == again || f.Fresh {
		t.Errorf("hello did not renew an old token: %+v", f)
	}
	b.say(map[string]any{"t": "resume"})
	if f := b.hear("lines"); len(f.Lines) != 1 || f.Lines[0].Text != "uno" {
		t.Errorf("lines after renewal: %+v", f)
	}
	r.resumed(r.visit(token)).write("due")
	if visitorOf(r) == first {
		t.Error("an expired token opened the old visit")
	}
}

// C-01: one visitor never hears another.
func TestC01VisitorsAreApart(t *testing.T) {
	r := open(t, nil)
	a, b := r.resumed(r.visit("")), r.resumed(r.visit(""))
	a.write("segreto")
	b.write("mio")
	f := b.hear("lines")
	if len(f.Lines) != 1 || f.Lines[0].Text != "mio" {
		t.Fatalf("the other visitor hears %+v", f)
	}
}

func (r *room) jwt(change jwt.MapClaims) string {
	c := jwt.MapClaims{"sub": "u1", "aud": "shop", "iat": r.clock().Unix(), "exp": r.clock().Add(time.Hour).Unix(), "jti": uuid.NewString(),
		"name": "Anna", "email": "anna@example.it"}
	for k, v := range change {
		c[k] = v
	}
	s, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(secretOf("k"))
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

// C-02: an identity token verifies; the visit is bound to its person from then on.
func TestC02Identify(t *testing.T) {
	r := open(t, nil)
	b := r.resumed(r.visit(""))
	b.write("anonimo")
	b.say(map[string]any{"t": "identify", "jwt": "rubbish"})
	if f := b.hear("error"); f.Code != "identity" {
		t.Fatalf("rubbish: %+v", f)
	}
	proof := r.jwt(nil)
	b.say(map[string]any{"t": "identify", "jwt": proof})
	bound := b.hear("visit")
	if f := b.hear("identified"); f.Name != "Anna" || bound.Fresh {
		t.Fatalf("identified %+v, %+v", f, bound)
	}
	if r.claims[0].Address.Value != "anna@example.it" || r.claims[0].Proof != channels.ProofVerified {
		t.Fatalf("claims %+v", r.claims)
	}
	b.write("sono Anna")
	in := r.mem.Inbound()
	if last := in[1]; last.From.Value != in[0].From.Value || last.From.Name != "Anna" || len(last.Claims) != 1 || last.Meta["subject"] != "u1" {
		t.Fatalf("accepted %+v", in[1])
	}

	// The bound visit alone opens nothing: somebody else may sit there now.
	c := r.tab(bound.Token)
	c.say(map[string]any{"t": "resume"})
	if f := c.hear("error"); f.Code != "identify_first" {
		t.Fatalf("bound visit without proof: %+v", f)
	}
	c.say(map[string]any{"t": "identify", "jwt": proof}) // the same browser may show it again
	c.hear("identified")
	c.say(map[string]any{"t": "resume"})
	if f := c.hear("lines"); len(f.Lines) != 2 {
		t.Fatalf("own lines %+v", f)
	}

	// Another person on the same browser gets a visit of his own.
	d := r.tab(bound.Token)
	d.say(map[string]any{"t": "identify", "jwt": r.jwt(jwt.MapClaims{"sub": "u2"})})
	fresh := d.hear("visit")
	if code := d.ends(); !fresh.Fresh || code != int(socket.Unauthorized) {
		t.Fatalf("another person: %+v, %d", fresh, code)
	}
	e := r.tab(fresh.Token)
	e.say(map[string]any{"t": "identify", "jwt": r.jwt(jwt.MapClaims{"sub": "u2"})})
	e.hear("identified")
	e.say(map[string]any{"t": "resume"})
	if f := e.hear("lines"); len(f.Lines) != 0 {
		t.Fatalf("the former's lines: %+v", f)
	}

	// A stolen token is worth nothing on another browser.
	g := r.tab(r.visit(""))
	g.say(map[string]any{"t": "identify", "jwt": proof})
	if f := g.hear("error"); f.Code != "identity" {
		t.Fatalf("replayed: %+v", f)
	}
}

// C-02: a token that was presented at one node is worth nothing to another browser at another one. While nodes cannot ask each other, one
// that nobody here knows is not taken: the browser comes again. Whoever is known goes on.
func TestC02ATokenIsGoodForOneBrowserOnAllNodes(t *testing.T) {
	r := open(t, nil)
	other := r.beside()
	identify := func(r *room, token, proof string) *tab {
		b := r.tab(token)
		b.say(map[string]any{"t": "identify", "jwt": proof})
		return b
	}
	own, proof, fresh := r.visit(""), r.jwt(nil), r.jwt(nil)
	bound := identify(r, own, proof).hear("visit").Token
	if f := identify(other, other.visit(""), proof).hear("error"); f.Code != "identity" {
		t.Fatalf("a stolen token at another node: %+v", f)
	}
	identify(other, bound, proof).hear("identified")

	r.mem.Refuse(errors.New("away"))
	if code := identify(other, other.visit(""), fresh).ends(); code != int(socket.Internal) {
		t.Errorf("a token that nobody could be asked about: closed with %d", code)
	}
	if f := identify(r, r.visit(""), proof).hear("error"); f.Code != "identity" {
		t.Errorf("a stolen token meanwhile: %+v", f)
	}
	identify(r, bound, proof).hear("identified")
	r.mem.Refuse(nil)
	identify(other, other.visit(""), fresh).hear("identified")
}

// C-03: verified only is enforced by the server for every frame.
func TestC03VerifiedOnly(t *testing.T) {
	r := open(t, func(s *chat.Settings) { s.Accounts[0].VerifiedOnly = true })
	b := r.tab(r.visit(""))
	for _, f := range []map[string]any{
		{"t": "resume"}, {"t": "send", "id": uuid.NewString(), "text": "x"}, {"t": "contact", "email": "a@b.it"}, {"t": "typing"}, {"t": "read", "seq": 1}, {"t": "ack", "seq": 1},
	} {
		b.say(f)
		if got := b.hear("error"); got.Code != "identify_first" {
			t.Errorf("%v: %+v", f, got)
		}
	}
	b.say(map[string]any{"t": "identify", "jwt": r.jwt(nil)})
	b.hear("identified")
	b.say(map[string]any{"t": "resume"})
	b.hear("lines")
	b.write("ora sì")
}

// C-03: a typed address is declared and no more; the last one of a kind counts.
func TestC03ContactIsDeclared(t *testing.T) {
	r := open(t, nil)
	b := r.resumed(r.visit(""))
	b.say(map[string]any{"t": "contact", "email": "tyop@example.it", "name": " Anna\nRossi "})
	b.hear("contact")
	b.write("uno")
	b.say(map[string]any{"t": "contact", "email": "Typo@Example.it", "phone": "333 123 4567"})
	b.hear("contact")
	b.write("due")
	in := r.mem.Inbound()
	if len(in[0].Claims) != 1 || in[0].From.Name != "Anna Rossi" || len(in[1].Claims) != 2 || len(r.claims) != 2 {
		t.Fatalf("claims %+v, %+v, at once %+v", in[0].Claims, in[1].Claims, r.claims)
	}
	for _, c := range in[1].Claims {
		if c.Proof != channels.ProofDeclared || (c.Address.Value != "typo@example.it" && c.Address.Value != "+393331234567") {
			t.Errorf("claim %+v", c)
		}
	}
	for _, bad := range []map[string]any{{"t": "contact"}, {"t": "contact", "email": "x"}, {"t": "contact", "email": "a@b.it", "phone": "1"}} {
		b.say(bad)
		if f := b.hear("error"); f.Code != "contact" {
			t.Errorf("%v: %+v", bad, f)
		}
	}
}
