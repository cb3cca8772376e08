package channeltest

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestTransportCannotLeaveTheHost(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	transport := LoopbackTransport()
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	answer, err := client.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	for _, url := range []string{"http://192.0.2.1/", "http://example.test/", "https://api.twilio.com/"} {
		if answer, err := client.Get(url); err == nil {
			answer.Body.Close()
			t.Errorf("%s was reached", url)
		}
	}
}
