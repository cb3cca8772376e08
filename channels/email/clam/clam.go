// Package clam asks a ClamAV daemon whether a file is infected (E-45), by the command INSTREAM of clamd(8).
//
// It must never hold a mail up for longer than Patience, and it decides nothing: what an answer means for a file is the caller's affair.
// cmd/gateway builds a Client when the settings name a daemon; channels/email asks it for each file that came with a mail.
package clam

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

const (
	// Patience is how long one question may take, the connection included.
	Patience = 20 * time.Second

	chunk       = 64 << 10 // bytes that are sent at a time
	answerLimit = 4 << 10  // bytes of an answer
)

// ErrTooLarge is returned for a file that is longer than the daemon takes (StreamMaxLength, 100 MiB where nothing else is set).
var ErrTooLarge = errors.New("clam: the file is larger than the daemon takes")

// Client asks one daemon. It holds no connection between questions and is safe for concurrent use.
type Client struct{ network, address string }

// New makes a Client for "host:port" or "unix:/path/of/the/socket". It connects to nothing.
func New(address string) (*Client, error) {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		if !strings.HasPrefix(path, "/") {
			return nil, fmt.Errorf("%q is not the absolute path of a socket", path)
		}
		return &Client{"unix", path}, nil
	}
	if _, _, err := net.SplitHostPort(address); err != nil {
		return nil, fmt.Errorf("%q is neither host:port nor unix:/path", address)
	}
	return &Client{"tcp", address}, nil
}

// Scan asks about what r holds, to its end. threat is what the daemon calls it, "" for a file in which it finds nothing. With an error
// nothing is known of the file: the daemon cannot be reached, took too long, or could not look (ErrTooLarge).
func (c *Client) Scan(ctx context.Context, r io.Reader) (threat string, err error) {
	answer, err := c.ask(ctx, "INSTREAM", r)
	if err != nil {
		return "", fmt.Errorf("clam: scan: %w", err)
	}
	verdict := strings.TrimPrefix(answer, "stream: ")
	found, infected := strings.CutSuffix(verdict, " FOUND")
	switch {
	case infected && found != "":
		return found, nil
	case verdict == "OK":
		return "", nil
	case strings.Contains(answer, "size limit exceeded"):
		return "", ErrTooLarge
	}
	return "", fmt.Errorf("clam: scan: the daemon says %q", answer)
}

// Version asks the daemon for its version and that of its signatures, as it writes them.
func (c *Client) Version(ctx context.Context) (string, error) {
	answer, err := c.ask(ctx, "VERSION", nil)
	if err != nil {
		return "", fmt.Errorf("clam: %w", err)
	}
	return answer, nil
}

// ask sends one command, with a stream behind it if there is one, and returns the answer.
func (c *Client) ask(ctx context.Context, command string, stream io.Reader) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, c.network, c.address)
	if err != nil {
		return "", err
	}
	defer conn.Close() //nolint:errcheck // everything that counts has been read
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()

	_, sendErr := conn.Write([]byte("z" + command + "\x00"))
	if stream != nil && sendErr == nil {
		var readErr error
		if readErr, sendErr = send(conn, stream); readErr != nil {
			return "", readErr
		}
	}
	// A daemon that has had enough answers and hangs up while we still send: its answer says more than our error.
	answer, err := bufio.NewReader(io.LimitReader(conn, answerLimit)).ReadBytes(0)
	answer = bytes.TrimRight(answer, "\x00\r\n ")
	switch {
	case len(answer) > 0:
		return strings.ToValidUTF8(string(answer), "?"), nil
	case sendErr != nil:
		err = sendErr
	case err == nil:
		err = io.ErrUnexpectedEOF
	}
	return "", errors.Join(err, ctx.Err())
}

// send writes a stream in chunks that each have their length before them, and the empty chunk that ends it.
func send(w io.Writer, r io.Reader) (readErr, writeErr error) {
	block := make([]byte, 4+chunk)
	for {
		n, err := io.ReadFull(r, block[4:])
		if n > 0 {
			binary.BigEndian.PutUint32(block, uint32(n))
			if _, err := w.Write(block[:4+n]); err != nil {
				return nil, err
			}
		}
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			_, err = w.Write(make([]byte, 4))
			return nil, err
		case err != nil:
			return err, nil
		}
	}
}
