package channeltest_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"sportello/channels/channeltest"
)

func TestForwardKeepsPairsApart(t *testing.T) {
	server := httptest.NewServer(channeltest.NewForward())
	defer server.Close()
	var pairs []*channeltest.ForwardPair
	for _, name := range []string{"one", "two"} {
		p, err := channeltest.DialForward(t.Context(), server.URL, name)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		pairs = append(pairs, p)
	}
	for i := range 100 {
		if err := pairs[i%2].Once([]byte(strings.Repeat("x", i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := pairs[0].Once(make([]byte, 1<<16)); err != nil {
		t.Fatal(err)
	}
}
