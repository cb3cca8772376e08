// Package footprint measures what an idle connection costs the process that serves it, and compares it with a bare one.
//
// The client's ends live in the same process; they are plain TCP connections without goroutines and buffers, so that little of the figure
// is theirs. The package must never measure by the clock. Tests use it; it starts nothing that it does not end with the test.
package footprint

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

// Each opens connections one after the other and returns how much the heap and the stacks in use grew by for each, in bytes, after
// collections. The connections are closed then.
func Each(t testing.TB, connections int, open func(i int) io.Closer) int64 {
	t.Helper()
	http.DefaultClient.CloseIdleConnections()
	before := inUse()
	all := make([]io.Closer, connections)
	for i := range all {
		all[i] = open(i)
	}
	per := (int64(inUse()) - int64(before)) / int64(connections)
	for _, c := range all {
		_ = c.Close() // the server notices
	}
	return per
}

// Bare is Each of connections that are served as the documentation of gorilla/websocket shows it: upgraded with the usual buffers, and
// read in the handler.
func Bare(t testing.TB, connections int) int64 {
	t.Helper()
	var up websocket.Upgrader
	reading := make(chan struct{}, connections)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := up.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = ws.Close() }()
		reading <- struct{}{}
		for err == nil {
			_, _, err = ws.ReadMessage()
		}
	}))
	defer srv.Close()
	return Each(t, connections, func(int) io.Closer {
		c := Dial(t, srv.URL)
		<-reading
		return c
	})
}

// inUse is the heap and the stacks in use after collections, of which it takes some until stacks have shrunk.
func inUse() uint64 {
	var m runtime.MemStats
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// Client is the bare end of a websocket.
type Client struct{ net.Conn }

// Dial connects to a websocket at an http or ws address; headers are lines such as "Origin: https://shop.example".
func Dial(t testing.TB, address string, headers ...string) Client {
	t.Helper()
	_, rest, _ := strings.Cut(address, "://")
	host, path, _ := strings.Cut(rest, "/")
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	headers = append(headers, "Host: "+host, "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
	fmt.Fprintf(conn, "GET /%s HTTP/1.1\r\n%s\r\n\r\n", path, strings.Join(headers, "\r\n"))
	var answer strings.Builder // byte by byte, so that no frame that follows at once is lost
	for one := make([]byte, 1); !strings.HasSuffix(answer.String(), "\r\n\r\n"); answer.Write(one) {
		if _, err := io.ReadFull(conn, one); err != nil {
			t.Fatal(err)
		}
	}
	res, err := http.ReadResponse(bufio.NewReader(strings.NewReader(answer.String())), nil)
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("handshake: %v, %v", res, err)
	}
	return Client{conn}
}

// Say sends a text message, masked with zeroes.
func (c Client) Say(t testing.TB, text string) {
	t.Helper()
	const fin, masked, extended = 0x80, 0x80, 126
	frame := []byte{fin | websocket.TextMessage, masked | byte(len(text))}
	if len(text) >= extended {
		frame = binary.BigEndian.AppendUint16([]byte{frame[0], masked | extended}, uint16(len(text)))
	}
	if _, err := c.Write(append(append(frame, 0, 0, 0, 0), text...)); err != nil {
		t.Fatal(err)
	}
}

// Await reads until something was said with a text in it.
func (c Client) Await(t testing.TB, text string) {
	t.Helper()
	var got [512]byte
	for seen := ""; !strings.Contains(seen, text); {
		n, err := c.Read(got[:])
		if err != nil {
			t.Fatal(err)
		}
		seen += string(got[:n])
	}
}
