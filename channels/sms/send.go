package sms

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/twilio/twilio-go/client"
	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"sportello/channels"
)

// Send hands one text to the provider (channels.Sender). The error is always a *channels.Fault.
//
// The API has no idempotency key (M-10). A call that broke after it may have left is Uncertain and must not be repeated: the
// delivery report, which carries the outbox id, settles it. Nobody may call Send again for an Uncertain message.
func (a *Adapter) Send(ctx context.Context, out channels.Outbound) (channels.Sent, error) {
	params, fault := a.params(out)
	if fault != nil {
		a.count.failed.Add(1)
		return channels.Sent{}, fault
	}
	ctx, cancel := context.WithTimeout(ctx, a.cfg.timeout())
	defer cancel()
	c := &call{ctx: ctx, base: a.deps.Transport, target: a.api}
	msg, err := a.service(c).CreateMessage(params)
	if fault := answer(c, msg, err, a.deps.Now()); fault != nil {
		a.count.failed.Add(1)
		if code := healthOf(fault); code != "" {
			a.apiHealth(code, string(fault.Class)+" "+fault.Code+" "+fault.Provider)
		}
		return channels.Sent{}, fault
	}
	a.count.sent.Add(1)
	a.apiHealth("", "")
	return channels.Sent{External: *msg.Sid, State: channels.StateSent}, nil
}

// service returns the client for one call. Edge and Region stay empty: the library would take them from the environment. The
// client has no Timeout: the call's context has one, and a Timeout would hold a goroutine for each body that the library leaves open.
func (a *Adapter) service(c *call) *openapi.ApiService {
	user, password := a.cfg.AccountSID, a.cfg.AuthTokens[0]
	if a.cfg.APIKey != "" {
		user, password = a.cfg.APIKey, a.cfg.APISecret
	}
	base := &client.Client{
		Credentials: client.NewCredentials(user, password),
		HTTPClient: &http.Client{
			Transport:     c,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	base.SetAccountSid(a.cfg.AccountSID)
	return openapi.NewApiService(&client.RequestHandler{Client: base})
}

// params checks what can be known before the call and builds it.
func (a *Adapter) params(out channels.Outbound) (*openapi.CreateMessageParams, *channels.Fault) {
	refuse := func(code, detail string) (*openapi.CreateMessageParams, *channels.Fault) {
		return nil, &channels.Fault{Class: channels.Permanent, Code: code, Detail: detail}
	}
	if len(out.To) != 1 || len(out.Cc) != 0 {
		return refuse(channels.CodeBadAddress, "a text goes to exactly one number")
	}
	to, form := Normalize(out.To[0].Value, a.cfg.country())
	text := clean(out.Text)
	switch {
	case form == FormName || form == FormOther:
		return refuse(channels.CodeNotCapable, "this sender cannot be answered by SMS")
	case form == FormNone:
		return refuse(channels.CodeBadAddress, "not a telephone number")
	case len(out.Parts) > 0:
		return refuse(channels.CodeNotCapable, "files cannot be sent by SMS")
	case text == "":
		return refuse(channels.CodeContent, "the text is empty")
	case utf8.RuneCountInString(text) > MaxBody:
		return refuse(channels.CodeTooLarge, "over "+strconv.Itoa(MaxBody)+" characters")
	}
	params := new(openapi.CreateMessageParams).SetTo(to.Value).SetBody(text).SetStatusCallback(a.cfg.StatusURL(out.ID))
	if a.cfg.MessagingServiceSID != "" {
		params.SetMessagingServiceSid(a.cfg.MessagingServiceSID)
	} else {
		params.SetFrom(a.cfg.Number)
	}
	return params, nil
}

// answer returns nil when the provider took the message, else what to do about it.
func answer(c *call, msg *openapi.ApiV2010Message, err error, now time.Time) *channels.Fault {
	switch {
	case err == nil && msg != nil && msg.Sid != nil && *msg.Sid != "":
		return nil
	case c.status == 0 && !c.written.Load():
		return transportFault(channels.Temporary, err)
	case c.status == 0:
		return transportFault(channels.Uncertain, err)
	case c.status < 300:
		return &channels.Fault{Class: channels.Uncertain, Code: channels.CodeProvider, Provider: strconv.Itoa(c.status),
			Detail: "taken, but the answer could not be read", Err: err}
	}
	return refusal(c, err, now)
}

// transportFault is for calls without an answer. The error may name hosts and ports, never what was sent.
func transportFault(class channels.Class, err error) *channels.Fault {
	code := channels.CodeNetwork
	if timeout := (interface{ Timeout() bool })(nil); errors.As(err, &timeout) && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		code = channels.CodeTimeout
	}
	return &channels.Fault{Class: class, Code: code, Err: err}
}

// refusal is for answers that are not a success: by the provider's code where the table knows it, else by the HTTP status.
func refusal(c *call, err error, now time.Time) *channels.Fault {
	fault := &channels.Fault{Class: channels.Temporary, Code: channels.CodeProvider, Provider: "HTTP " + strconv.Itoa(c.status)}
	known := false
	if api := (*client.TwilioRestError)(nil); errors.As(err, &api) && api.Code != 0 {
		_, known = actionFor(api.Code)
		fault = FaultFor(api.Code, api.Message)
	}
	switch {
	case known:
	case c.status == http.StatusTooManyRequests:
		fault.Code = channels.CodeThrottled
	case c.status == http.StatusUnauthorized || c.status == http.StatusForbidden:
		fault.Code = channels.CodeAuth
	case c.status == http.StatusGatewayTimeout: // somebody in between gave up waiting for the API, which may have done its work
		fault.Class, fault.Code = channels.Uncertain, channels.CodeTimeout
	}
	if after := retryAfter(c.header.Get("Retry-After"), now); after > 0 && fault.Class == channels.Temporary {
		fault.RetryAfter = after
	}
	return fault
}

// retryAfter reads seconds or a date (RFC 9110 section 10.2.3), at most an hour; 0 when there is none.
func retryAfter(s string, now time.Time) time.Duration {
	d := time.Duration(0)
	if n, err := strconv.Atoi(s); err == nil && n > 0 {
		d = time.Duration(min(n, 3600)) * time.Second
	} else if at, err := http.ParseTime(s); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), time.Hour)
}
