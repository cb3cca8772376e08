package chat_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"sportello/channels/chat"
)

// TestIdleVisitorIsSmall holds the promise of at most 14 KiB for a visitor who is connected and quiet, the subscription and the client's end
// of the connection in this process included.
func TestIdleVisitorIsSmall(t *testing.T) {
	const visitors, limit = 1000, 14 << 10
	r := open(t, func(s *chat.Settings) { s.Limits.PerIP, s.Limits.VisitsPerMin = visitors, 10*visitors })
	tokens := make([]string, visitors)
	for i := range tokens {
		tokens[i] = r.visit("")
	}
	http.DefaultClient.CloseIdleConnections()
	before := inUse()
	conns := make([]net.Conn, visitors)
	for i, token := range tokens {
		conns[i] = r.raw(token)
	}
	per := (int64(inUse()) - int64(before)) / visitors
	t.Logf("%d bytes per idle visitor", per)
	if per > limit {
		t.Errorf("%d bytes per idle visitor, want at most %d", per, limit)
	}
	for _, c := range conns {
		_ = c.Close()
	}
	until(t, "all gone", func() bool { return r.srv.Sockets() == 0 })
}

func inUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// raw opens a resumed visitor's connection without a goroutine or a buffer of its own.
func (r *room) raw(token string) net.Conn {
	r.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		r.t.Fatal(err)
	}
	fmt.Fprintf(conn, "GET /chat/shop/socket HTTP/1.1\r\nHost: x\r\nOrigin: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", page)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		r.t.Fatalf("handshake: %v, %v", res, err)
	}
	for _, frame := range []string{fmt.Sprintf(`{"t":"hello","token":%q}`, token), `{"t":"resume"}`} {
		head := binary.BigEndian.AppendUint16([]byte{0x81, 0x80 | 126}, uint16(len(frame)))
		if _, err := conn.Write(append(append(head, 0, 0, 0, 0), frame...)); err != nil { // masked with zeroes
			r.t.Fatal(err)
		}
	}
	var got [512]byte
	for seen := ""; !strings.Contains(seen, `"t":"lines"`); {
		n, err := conn.Read(got[:])
		if err != nil {
			r.t.Fatal(err)
		}
		seen += string(got[:n])
	}
	return conn
}
