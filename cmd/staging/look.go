package staging

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"sportello/channels"
	"sportello/channels/channeltest"
	"sportello/cmd/staging/process"
)

// Readers are the gateways that are connected to the IMAP server now.
func (w *World) Readers() (all []*Gateway) {
	port, err := strconv.ParseUint(process.Port(w.IMAP.Address()), 10, 16)
	if err != nil {
		return nil
	}
	sockets := connectedTo(uint16(port))
	for _, g := range w.Gateways {
		if run := g.run.Load(); run.Running() && holdsOne(run.PID(), sockets) {
			all = append(all, g)
		}
	}
	return all
}

// connectedTo are the sockets of this machine that are connected to a port, as /proc names them (proc(5)).
func connectedTo(port uint16) map[string]bool {
	raw, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return nil
	}
	const established = "01"
	all, suffix := map[string]bool{}, fmt.Sprintf(":%04X", port)
	for line := range strings.Lines(string(raw)) {
		f := strings.Fields(line)
		if len(f) > 9 && strings.HasSuffix(f[2], suffix) && f[3] == established {
			all["socket:["+f[9]+"]"] = true
		}
	}
	return all
}

func holdsOne(pid int, sockets map[string]bool) bool {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		return false
	}
	for _, file := range files {
		if to, err := os.Readlink(file); err == nil && sockets[to] {
			return true
		}
	}
	return false
}

// probeNumber is of a customer who does not wait for an answer.
const probeNumber = "+393479999999"

// Probe announces one text once and returns the status that the webhook answers, 0 for none. What is not taken is announced no more, and
// not missed.
func (w *World) Probe(ctx context.Context) int {
	text := w.book.say(channels.SMS, probeNumber, int(time.Now().UnixNano()))
	sid := fmt.Sprintf("SMffffffff%024x", time.Now().UnixNano())
	address := w.base() + "/hooks/sms/" + smsAccount + "/inbound"
	form := url.Values{
		"AccountSid": {smsSID}, "ApiVersion": {"2010-04-01"}, "MessageSid": {sid}, "SmsMessageSid": {sid}, "SmsSid": {sid},
		"From": {probeNumber}, "To": {smsNumber}, "Body": {text}, "NumMedia": {"0"}, "NumSegments": {"1"}, "SmsStatus": {"received"},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return 0
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Twilio-Signature", channeltest.SignTwilio(smsToken, address, form))
	client := &http.Client{Timeout: 14 * time.Second} // the provider waits for 15
	res, err := client.Do(req)
	status := 0
	if err == nil {
		status = res.StatusCode
		_ = res.Body.Close()
	}
	w.book.probed(text, status/100 == 2)
	return status
}

// Stored counts the messages of customers in the record.
func (w *World) Stored(ctx context.Context) (n int, err error) {
	err = w.rows(ctx, `SELECT count(*) FROM message WHERE direction = 'in'`, func(r *sql.Rows) error { return r.Scan(&n) })
	return n, err
}
