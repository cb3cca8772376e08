package channeltest

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"sync"
)

// Infected is what Clamd finds a virus in.
const Infected = "SPORTELLO-TEST-VIRUS"

// Clamd is a ClamAV daemon as a client sees it: zPING, zVERSION and zINSTREAM, one command per connection.
type Clamd struct {
	Addr string

	limit int // bytes of a stream: StreamMaxLength

	mu    sync.Mutex
	mute  bool
	asked int
}

// NewClamd starts a daemon that takes streams of at most limit bytes. It ends with t, a *testing.T.
func NewClamd(t interface {
	Fatal(why ...any)
	Cleanup(end func())
}, limit int) *Clamd {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &Clamd{Addr: l.Addr().String(), limit: limit}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer conn.Close()
				d.serve(conn)
			})
		}
	})
	t.Cleanup(func() { l.Close(); all.Wait() })
	return d
}

// Mute makes the daemon hang up without an answer from now on, or answer again.
func (d *Clamd) Mute(mute bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.mute = mute
}

// Asked is how many commands came.
func (d *Clamd) Asked() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asked
}

func (d *Clamd) serve(conn net.Conn) {
	in := bufio.NewReader(conn)
	command, err := in.ReadString(0)
	d.mu.Lock()
	d.asked++
	mute := d.mute
	d.mu.Unlock()
	if err != nil || mute {
		return
	}
	answer := "UNKNOWN COMMAND"
	switch command {
	case "zPING\x00":
		answer = "PONG"
	case "zVERSION\x00":
		answer = "ClamAV 1.4.1/27400/Tue Mar  5 10:15:33 2024"
	case "zINSTREAM\x00":
		answer = d.scan(in)
	}
	_, _ = conn.Write([]byte(answer + "\x00"))
}

func (d *Clamd) scan(in io.Reader) string {
	var all []byte
	for {
		var size uint32
		if err := binary.Read(in, binary.BigEndian, &size); err != nil {
			return "INSTREAM: Can't read file ERROR"
		}
		if size == 0 {
			break
		}
		if len(all)+int(size) > d.limit {
			return "INSTREAM size limit exceeded. ERROR"
		}
		part := make([]byte, size)
		if _, err := io.ReadFull(in, part); err != nil {
			return "INSTREAM: Can't read file ERROR"
		}
		all = append(all, part...)
	}
	if bytes.Contains(all, []byte(Infected)) {
		return "stream: Sportello-Test-Signature FOUND"
	}
	return "stream: OK"
}
