package chat_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"testing"

	"sportello/channels/socket"
)

// C-05: the origin is checked before anything else, on every way in.
func TestC05OriginAllowList(t *testing.T) {
	r := open(t, nil)
	for origin, want := range map[string]bool{
		page: true, "https://chat.example": true, "HTTPS://WWW.shop.example": true,
		"https://www.shop.example.evil": false, "http://www.shop.example": false, "null": false, "": false,
	} {
		_, res, err := r.dial(origin)
		if (err == nil) != want || (!want && res.StatusCode != http.StatusForbidden) {
			t.Errorf("socket from %q: %v", origin, err)
		}
		if status, _ := r.post("/chat/shop/visit", origin, ""); (status == http.StatusOK) != want {
			t.Errorf("visit from %q: %d", origin, status)
		}
	}
	if status, _ := r.post("/chat/nobody/visit", page, ""); status != http.StatusNotFound {
		t.Errorf("unknown account: %d", status)
	}
}

// C-05: a drain is announced to every visitor, and no one is let in meanwhile.
func TestC05Drain(t *testing.T) {
	r := open(t, nil)
	token := r.visit("")
	b := r.resumed(token)
	ctx, stop := context.WithCancel(context.Background())
	stop()
	code := make(chan int, 1)
	go func() { code <- b.ends() }()
	if err := r.srv.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if c := <-code; c != int(socket.Drain) {
		t.Fatalf("closed with %d", c)
	}
	if _, res, err := r.dial(page); err == nil || res.StatusCode != http.StatusServiceUnavailable {
		t.Fatalf("let in while draining: %v", err)
	}
}

func TestConfigTellsNoSecret(t *testing.T) {
	r := open(t, nil)
	res, err := http.Get(r.url + "/chat/shop/config")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	if !bytes.Contains(body, []byte(`"name":"Bottega"`)) || bytes.Contains(body, secretOf("a")) || bytes.Contains(body, secretOf("k")) {
		t.Fatalf("config %s", body)
	}
}
