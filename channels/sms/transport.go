package sms

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"
)

const maxAnswer = 1 << 20 // bytes of a REST answer; a message resource is about 1 KiB

// newTransport returns a transport for the REST API alone.
func newTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		TLSHandshakeTimeout:   5 * time.Second,
		ResponseHeaderTimeout: 0, // the attempt's own deadline
		IdleConnTimeout:       60 * time.Second,
		MaxIdleConnsPerHost:   4,
		ForceAttemptHTTP2:     true,
	}
}

// call carries one REST call. The client library knows neither context nor headers of an answer, and leaves the body of a failure
// open for ever; so the context is put in here, the answer is read to its end here, and what happened is noted for the caller.
//
// Invariant: written is true from the moment the first byte may have left. A call that failed before has certainly done nothing.
type call struct {
	ctx     context.Context // of this call only
	base    http.RoundTripper
	target  *url.URL // scheme, host and path prefix of the API
	written atomic.Bool
	status  int // 0: no answer
	header  http.Header
}

func (c *call) RoundTrip(req *http.Request) (*http.Response, error) {
	trace := &httptrace.ClientTrace{WroteHeaders: func() { c.written.Store(true) }}
	req = req.Clone(httptrace.WithClientTrace(c.ctx, trace))
	req.URL.Scheme, req.URL.Host = c.target.Scheme, c.target.Host
	req.URL.Path = c.target.Path + req.URL.Path
	req.Host = ""
	res, err := c.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	_ = res.Body.Close()
	c.status, c.header = res.StatusCode, res.Header
	if err != nil && res.StatusCode < 300 {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	return res, nil
}
