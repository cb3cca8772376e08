package email

import (
	"context"
	"crypto/tls"
	"net"
	"time"
)

// connect opens a connection to s, encrypted from the first byte if s says so. Keep-alive probes find a peer that has silently gone
// within two minutes.
func (a *Adapter) connect(ctx context.Context, s Server) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	dialer := &net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: time.Minute, Interval: 15 * time.Second, Count: 4}}
	if s.TLS == TLSDirect {
		return (&tls.Dialer{NetDialer: dialer, Config: a.cfg.tls(s)}).DialContext(ctx, "tcp", s.addr())
	}
	return dialer.DialContext(ctx, "tcp", s.addr())
}
