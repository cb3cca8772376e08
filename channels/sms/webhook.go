package sms

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"time"
)

const (
	maxWebhook  = 256 << 10        // bytes of one request; the provider's own are below 16 KiB
	sinkTimeout = 10 * time.Second // the provider waits 15 s; a commit that takes longer is answered 503 and comes again
)

// webhook is one request whose signature and account have been checked.
type webhook struct {
	body []byte
	form url.Values
}

// admit reads and checks a request. When it returns nil it has answered.
func (a *Adapter) admit(w http.ResponseWriter, r *http.Request) *webhook {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxWebhook))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		a.count.unreadable.Add(1)
		http.Error(w, "body too large", http.StatusRequestEntityTooLarge)
		return nil
	}
	if err != nil {
		a.count.unreadable.Add(1)
		http.Error(w, "body not readable", http.StatusBadRequest)
		return nil
	}
	if !a.signed(r, body) {
		a.count.refused.Add(1)
		a.deps.Log.WarnContext(r.Context(), "webhook refused", "reason", "signature")
		http.Error(w, "signature does not match", http.StatusForbidden)
		return nil
	}
	form, err := fields(r.Header.Get("Content-Type"), body)
	if err != nil {
		a.count.unreadable.Add(1)
		a.deps.Log.WarnContext(r.Context(), "signed webhook not readable", "err", err)
		http.Error(w, "body not readable", http.StatusBadRequest)
		return nil
	}
	if form.Get("AccountSid") != a.cfg.AccountSID {
		a.count.foreign.Add(1)
		a.deps.Log.WarnContext(r.Context(), "webhook refused", "reason", "account")
		http.Error(w, "not our account", http.StatusForbidden)
		return nil
	}
	return &webhook{body: body, form: form}
}

// fields reads a form, or a flat JSON object whose values that are not strings are kept as JSON.
func fields(contentType string, body []byte) (url.Values, error) {
	if mediaType, _, _ := mime.ParseMediaType(contentType); mediaType != "application/json" {
		return url.ParseQuery(string(body))
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(body, &object); err != nil {
		return nil, err
	}
	form := make(url.Values, len(object))
	for k, raw := range object {
		var s string
		if json.Unmarshal(raw, &s) != nil {
			s = string(raw)
		}
		form.Set(k, s)
	}
	return form, nil
}

// notTaken answers that the record has not committed, so that the provider tries again.
func (a *Adapter) notTaken(w http.ResponseWriter, r *http.Request, what string, err error) {
	a.count.notTaken.Add(1)
	a.storeHealth("store", what+" not committed")
	a.deps.Log.ErrorContext(r.Context(), "webhook not taken", "what", what, "err", err)
	w.Header().Set("Retry-After", "5")
	http.Error(w, "not stored, try again", http.StatusServiceUnavailable)
}

// taken answers with an empty TwiML document: received, and nothing to say to the sender (M-04, M-18).
func taken(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, `<?xml version="1.0" encoding="UTF-8"?><Response></Response>`)
}

func sinkContext(r *http.Request) (context.Context, context.CancelFunc) {
	return context.WithTimeout(r.Context(), sinkTimeout)
}
