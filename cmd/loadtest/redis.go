package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// redisConn speaks just enough of the Redis protocol (RESP2) to find out how fast a server is. One goroutine at a time.
type redisConn struct {
	conn net.Conn
	in   *bufio.Reader
	out  []byte
}

func dialRedis(ctx context.Context, address string) (*redisConn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &redisConn{conn: conn, in: bufio.NewReader(conn)}, nil
}

// do sends one command and returns the answer if it is a single value, else "".
func (c *redisConn) do(args ...string) (string, error) {
	c.out = append(c.out[:0], '*')
	c.out = strconv.AppendInt(c.out, int64(len(args)), 10)
	c.out = append(c.out, '\r', '\n')
	for _, a := range args {
		c.out = append(c.out, '$')
		c.out = strconv.AppendInt(c.out, int64(len(a)), 10)
		c.out = append(c.out, '\r', '\n')
		c.out = append(c.out, a...)
		c.out = append(c.out, '\r', '\n')
	}
	if _, err := c.conn.Write(c.out); err != nil {
		return "", err
	}
	return c.read()
}

// read reads one answer, or one message of a subscription.
func (c *redisConn) read() (string, error) {
	line, err := c.in.ReadString('\n')
	if err != nil {
		return "", err
	}
	line = strings.TrimSuffix(line, "\r\n")
	if line == "" {
		return "", errors.New("redis: an empty line")
	}
	rest := line[1:]
	switch line[0] {
	case '-':
		return "", fmt.Errorf("redis: %s", rest)
	case '$':
		n, err := strconv.Atoi(rest)
		if err != nil || n < 0 {
			return "", err
		}
		buf := make([]byte, n+2)
		_, err = io.ReadFull(c.in, buf)
		return string(buf[:n]), err
	case '*':
		n, err := strconv.Atoi(rest)
		for ; n > 0 && err == nil; n-- {
			_, err = c.read()
		}
		return "", err
	}
	return rest, nil
}

// greets reports whether a server at address answers to say, "" for nothing, with words that begin with want.
func greets(ctx context.Context, address, say, want string) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // the greeting is what matters
	if err := conn.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return err
	}
	if _, err := io.WriteString(conn, say); err != nil {
		return err
	}
	got := make([]byte, len(want))
	if _, err := io.ReadFull(conn, got); err != nil {
		return err
	}
	if string(got) != want {
		return fmt.Errorf("%s greets with %q", address, got)
	}
	return nil
}
