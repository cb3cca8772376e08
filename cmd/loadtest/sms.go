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

// smsRow measures signed webhooks of as many phones in a closed loop. A webhook is answered when the text is committed.
func (b *bench) smsRow(ctx context.Context) error {
	b.say(b.prefix + "sms")
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: phones}, Timeout: 15 * time.Second}
	defer client.CloseIdleConnections()
	var count atomic.Int64
	s, err := b.measure(ctx, "sms", func(ctx context.Context, s *sample) {
		var group sync.WaitGroup
		for phone := range phones {
			group.Go(func() {
				for ctx.Err() == nil {
					start := time.Now()
					err := b.text(ctx, client, fmt.Sprintf("+3934700000%02d", phone), count.Add(1))
					if ctx.Err() != nil {
						return
					}
					if err != nil {
						s.fail(err)
						return
					}
					s.add(start, time.Now())
				}
			})
		}
		group.Wait()
	})
	if err != nil {
		return err
	}
	row := b.row(fmt.Sprintf("sms, webhook → committed, closed loop of %d", phones), s)
	b.share(&row)
	b.report.add(row)
	return nil
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
