package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sportello/channels/channeltest"
)

const phones = 16

// texter is who announces texts, each with a number of its own.
type texter struct {
	b      *bench
	client *http.Client
	count  atomic.Int64
}

// smsRows measures signed webhooks of as many phones: in a closed loop, and at light load. A webhook is answered when the text is
// committed.
func (b *bench) smsRows(ctx context.Context, only func(string) bool) error {
	t := &texter{b: b, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: phones}, Timeout: 15 * time.Second}}
	defer t.client.CloseIdleConnections()
	for _, m := range []struct {
		name, row string
		work      func(context.Context, *sample)
	}{
		{"sms", fmt.Sprintf("sms, webhook → committed, closed loop of %d", phones), t.loop},
		{"sms-light", "sms, webhook → committed, 50 msg/s", t.light},
	} {
		if !only(m.name) {
			continue
		}
		b.say(b.prefix + m.name)
		s, err := b.measure(ctx, m.name, m.work)
		if err != nil {
			return err
		}
		row := b.row(m.row, s)
		if m.name == "sms" {
			b.share(&row)
		}
		b.report.add(row)
	}
	return nil
}

// loop announces one text of each phone after the other.
func (t *texter) loop(ctx context.Context, s *sample) {
	var group sync.WaitGroup
	for phone := range phones {
		group.Go(func() {
			for ctx.Err() == nil && t.once(ctx, s, phone, time.Now()) {
			}
		})
	}
	group.Wait()
}

// light announces 50 texts a second; a time counts from when the text was due.
func (t *texter) light(ctx context.Context, s *sample) {
	atLightLoad(ctx, func(i int, due time.Time) { t.once(ctx, s, i%phones, due) })
}

// once announces one text and counts it. It reports false when no more should be announced.
func (t *texter) once(ctx context.Context, s *sample, phone int, start time.Time) bool {
	err := t.b.text(ctx, t.client, fmt.Sprintf("+3934700000%02d", phone), t.count.Add(1))
	switch {
	case ctx.Err() != nil:
		return false
	case err != nil:
		s.fail(err)
		return false
	}
	s.add(start, time.Now())
	return true
}

// text announces a text as the provider does.
func (b *bench) text(ctx context.Context, client *http.Client, from string, n int64) error {
	sid := fmt.Sprintf("SM%032x", n)
	form := url.Values{
		"AccountSid": {smsSID}, "ApiVersion": {"2010-04-01"}, "MessageSid": {sid}, "SmsMessageSid": {sid}, "SmsSid": {sid}, "From": {from},
		"To": {smsNumber}, "Body": {body}, "NumMedia": {"0"}, "NumSegments": {"1"}, "SmsStatus": {"received"}, "FromCountry": {"IT"}, "ToCountry": {"IT"},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.smsURL, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Twilio-Signature", channeltest.SignTwilio(smsToken, b.smsURL, form))
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, res.Body)
	if res.StatusCode/100 != 2 {
		err = fmt.Errorf("the webhook answers %s", res.Status)
	}
	return joined(err, res.Body.Close())
}
