package channeltest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

// LoopbackTransport is an HTTP transport that cannot leave the host: a request for anything but a loopback address fails before a
// name is looked up. It uses no proxy. The caller closes its idle connections.
func LoopbackTransport() *http.Transport {
	return &http.Transport{DialContext: DialLoopback, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute}
}

// DialLoopback dials loopback addresses and "localhost", and refuses all others.
func DialLoopback(ctx context.Context, network, addr string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("a test tried to leave the host: %s %s", network, addr)
	}
	return (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, network, net.JoinHostPort(host, port))
}
