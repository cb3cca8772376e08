package channeltest

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// SignTwilio returns the X-Twilio-Signature of a form posted to a URL (without fragment), made with an auth token: the base64 of
// HMAC-SHA1 over the URL and each key followed by its value, keys in order.
func SignTwilio(token, address string, form url.Values) string {
	mac := hmac.New(sha1.New, []byte(token))
	_, _ = io.WriteString(mac, address)
	keys := make([]string, 0, len(form))
	for k := range form {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		for _, v := range slices.Compact(slices.Sorted(slices.Values(form[k]))) {
			_, _ = io.WriteString(mac, k+v)
		}
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// callback is one status report that waits to be delivered.
type callback struct {
	sid, address, status string
	code                 int
}

// schedule queues the callbacks of a message. There is none for its first status (M-12). The lock is held.
func (t *Twilio) schedule(m *TwilioMessage, o Outcome) {
	if o.Status == "" {
		o.Status = "delivered"
	}
	var steps []callback
	add := func(status string, code int) {
		steps = append(steps, callback{sid: m.SID, address: m.StatusCallback, status: status, code: code})
	}
	if m.Status == "accepted" {
		add("queued", 0)
	}
	if o.Status != "failed" { // failed never left the provider
		add("sent", 0)
	}
	add(o.Status, o.Code)
	if t.plan.Reverse {
		slices.Reverse(steps)
	}
	for _, c := range steps {
		if m.StatusCallback == "" || t.plan.None {
			c.address = "" // the message moves on all the same, untold
		}
		t.queue = append(t.queue, c)
		if t.plan.Duplicate {
			t.queue = append(t.queue, c)
		}
	}
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// Flush delivers the status callbacks that are queued, in order, and returns the joined errors of those that did not arrive.
func (t *Twilio) Flush(ctx context.Context) error {
	var errs []error
	for ctx.Err() == nil {
		t.mu.Lock()
		if len(t.queue) == 0 {
			t.mu.Unlock()
			break
		}
		c := t.queue[0]
		t.queue = t.queue[1:]
		form := t.advance(c)
		t.mu.Unlock()
		if c.address == "" {
			continue
		}
		if status, err := t.post(ctx, c.address, form, ""); err != nil {
			errs = append(errs, err)
		} else if status >= 300 {
			errs = append(errs, fmt.Errorf("status callback %s of %s answered %d", c.status, c.sid, status))
		}
	}
	return errors.Join(append(errs, ctx.Err())...)
}

// advance moves the message and returns the fields of the callback. The lock is held.
func (t *Twilio) advance(c callback) url.Values {
	m := t.find(c.sid)
	m.Status, m.ErrorCode = c.status, c.code
	form := url.Values{
		"AccountSid": {t.cfg.AccountSID}, "ApiVersion": {"2010-04-01"}, "MessageSid": {m.SID}, "SmsSid": {m.SID},
		"MessageStatus": {c.status}, "SmsStatus": {c.status}, "From": {m.From}, "To": {m.To},
	}
	if m.ServiceSID != "" {
		form.Set("MessagingServiceSid", m.ServiceSID)
	}
	if c.code != 0 {
		form.Set("ErrorCode", strconv.Itoa(c.code))
	}
	return form
}

// Run delivers status callbacks as they come, until ctx ends. What does not arrive is dropped, as the provider does.
func (t *Twilio) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.wake:
			_ = t.Flush(ctx) // the receiver's trouble, which it has logged
		}
	}
}

// Deliver sends a text from a customer to one of the account's numbers and announces it, trying again as configured. It returns
// the message's sid, the last HTTP status and, when there was no answer, an error. STOP, START and HELP work as at the provider,
// which answers them itself.
func (t *Twilio) Deliver(ctx context.Context, from, to, body string) (sid string, status int, err error) {
	return t.DeliverForm(ctx, t.form(from, to, body))
}

// DeliverForm is Deliver with further fields, or other values for the usual ones: media, OptOutType, ProfileName.
func (t *Twilio) DeliverForm(ctx context.Context, form url.Values) (sid string, status int, err error) {
	form = maps.Clone(form)
	from, to, body := form.Get("From"), form.Get("To"), form.Get("Body")
	t.mu.Lock()
	m := t.keep(TwilioMessage{From: from, To: to, Body: body, ServiceSID: form.Get("MessagingServiceSid"), Direction: "inbound", Status: "received"})
	for _, k := range []string{"MessageSid", "SmsMessageSid", "SmsSid"} {
		form.Set(k, m.SID)
	}
	m.Form = form
	sid = m.SID
	t.obey(pair{to, from}, body)
	t.mu.Unlock()
	status, err = t.post(ctx, t.cfg.InboundURL, form, "idem-"+sid)
	return sid, status, err
}

// Redeliver announces an incoming message once more, as the provider does when it has lost an answer.
func (t *Twilio) Redeliver(ctx context.Context, sid string) (status int, err error) {
	t.mu.Lock()
	m := t.find(sid)
	t.mu.Unlock()
	if m == nil || m.Form == nil {
		return 0, fmt.Errorf("no incoming message %s", sid)
	}
	return t.post(ctx, t.cfg.InboundURL, m.Form, "idem-"+sid)
}

// form returns the webhook fields of a plain text.
func (t *Twilio) form(from, to, body string) url.Values {
	form := url.Values{
		"AccountSid": {t.cfg.AccountSID}, "ApiVersion": {"2010-04-01"}, "From": {from}, "To": {to}, "Body": {body},
		"NumMedia": {"0"}, "NumSegments": {"1"}, "SmsStatus": {"received"},
		"FromCountry": {"IT"}, "FromCity": {""}, "FromState": {""}, "FromZip": {""},
		"ToCountry": {"IT"}, "ToCity": {""}, "ToState": {""}, "ToZip": {""},
	}
	if t.cfg.ServiceSID != "" {
		form.Set("MessagingServiceSid", t.cfg.ServiceSID)
	}
	return form
}

// obey does what the provider does with its keywords, and files its own answer. The lock is held.
func (t *Twilio) obey(p pair, body string) {
	reply := ""
	switch strings.ToUpper(strings.TrimSpace(body)) {
	case "STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT":
		t.optedOut[p] = true
		reply = "You have successfully been unsubscribed. You will not receive any more messages from this number. Reply START to resubscribe."
	case "START", "YES", "UNSTOP":
		delete(t.optedOut, p)
		reply = "You have successfully been re-subscribed to messages from this number. Reply HELP for help. Reply STOP to unsubscribe."
	case "HELP", "INFO":
		reply = "Reply STOP to unsubscribe. Msg&Data Rates May Apply."
	}
	if reply != "" {
		t.keep(TwilioMessage{From: p.ours, To: p.peer, Body: reply, Direction: "outbound-reply", Status: "delivered"})
	}
}

// post signs and delivers a webhook, with further tries on 5xx and on no answer.
func (t *Twilio) post(ctx context.Context, address string, form url.Values, token string) (status int, err error) {
	public, _, _ := strings.Cut(address, "#")
	target := public
	if t.cfg.GatewayURL != "" {
		if rest, ok := strings.CutPrefix(public, strings.TrimSuffix(t.cfg.PublicURL, "/")); ok {
			target = strings.TrimSuffix(t.cfg.GatewayURL, "/") + rest
		}
	}
	for attempt := 0; ; attempt++ {
		if attempt > 0 && t.cfg.Pause != nil {
			if err := t.cfg.Pause(ctx, attempt); err != nil {
				return status, err
			}
		}
		status, err = t.postOnce(ctx, target, SignTwilio(t.cfg.AuthToken, public, form), form, token)
		if err == nil && status < 500 || attempt >= t.cfg.Retries || ctx.Err() != nil {
			return status, err
		}
	}
}

func (t *Twilio) postOnce(ctx context.Context, target, signature string, form url.Values, token string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	req.Header.Set("User-Agent", "TwilioProxy/1.1")
	req.Header.Set("X-Twilio-Signature", signature)
	if token != "" {
		req.Header.Set("I-Twilio-Idempotency-Token", token)
	}
	res, err := t.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }()
	_, err = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20))
	return res.StatusCode, err
}

// CurlInbound returns a shell command that delivers a signed text to publicURL, the account's inbound webhook. Run twice, it
// delivers the same message twice, which must show up once.
func (t *Twilio) CurlInbound(publicURL, from, to, body string) string {
	address, _, _ := strings.Cut(publicURL, "#")
	form := t.form(from, to, body)
	t.mu.Lock()
	form.Set("MessageSid", t.sid())
	t.mu.Unlock()
	for k := range form {
		if form.Get(k) == "" {
			form.Del(k)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "curl -isS -X POST %s \\\n  -H %s", shellQuote(address), shellQuote("X-Twilio-Signature: "+SignTwilio(t.cfg.AuthToken, address, form)))
	keys := make([]string, 0, len(form))
	for k := range form {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		fmt.Fprintf(&b, " \\\n  --data-urlencode %s", shellQuote(k+"="+form.Get(k)))
	}
	return b.String()
}

func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
