package sms

import (
	"bytes"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"sportello/channels"
)

func (a *Adapter) serveInbound(w http.ResponseWriter, r *http.Request) {
	hook := a.admit(w, r)
	if hook == nil {
		return
	}
	ctx, cancel := sinkContext(r)
	defer cancel()
	raw, _, err := a.deps.Vault.Put(ctx, bytes.NewReader(hook.body))
	if err != nil {
		a.notTaken(w, r, "raw message", err)
		return
	}
	in := a.read(hook.form, raw, a.deps.Now())
	if token := r.Header.Get("I-Twilio-Idempotency-Token"); token != "" {
		in.Meta["I-Twilio-Idempotency-Token"] = limit(clean(token), maxMetaValue)
	}
	accepted, err := a.deps.Sink.Accept(ctx, in)
	if err != nil {
		a.notTaken(w, r, "message", err)
		return
	}
	a.count.accepted.Add(1)
	if accepted.Duplicate {
		a.count.duplicates.Add(1)
	}
	a.storeHealth("", "")
	a.deps.Log.InfoContext(ctx, "message taken", "external", in.External, "conversation", accepted.Conversation, "duplicate", accepted.Duplicate)
	taken(w)
}

// The keys that the adapter itself adds to Meta; the provider's begin with a capital letter.
const (
	MetaUnroutable = "unroutable" // "true": To is no sender of this account (M-03)
	MetaKeyword    = "keyword"    // "provider": it acts on the word and answers it; "local": only we know the word (M-18)
	MetaSuspected  = "suspected"  // "opt-out": reads like one without being a keyword; the agent decides (M-17)
	MetaForm       = "form"       // the Form of the sender; "name" cannot be answered
)

const (
	maxMetaFields = 100
	maxMetaValue  = 2048 // bytes
	maxMedia      = 10   // files of one message, by the provider
)

// read makes a message of a webhook's fields (M-02). It takes whatever comes: what is missing or odd is said in Flaw.
func (a *Adapter) read(form url.Values, raw channels.BlobID, now time.Time) channels.Inbound {
	in := channels.Inbound{
		Account: a.cfg.Account, Kind: channels.SMS, Raw: raw, ReceivedAt: now,
		Proof: channels.ProofProvider,
		Text:  clean(form.Get("Body")),
		Meta:  meta(form, inboundOwn),
	}
	in.External = delivery(firstOf(form, "MessageSid", "SmsMessageSid", "SmsSid"))
	if in.External == "" { // the bytes stand in for the id: the same request again is the same message
		in.External, in.Flaw = "body:"+string(raw), "no MessageSid"
	}
	a.readSender(&in, form)
	a.readRecipient(&in, form)
	readMedia(&in, form)
	a.readConsent(&in, form)
	return in
}

func (a *Adapter) readSender(in *channels.Inbound, form url.Values) {
	country := a.cfg.country()
	if c := form.Get("FromCountry"); len(c) == 2 {
		country = strings.ToUpper(c)
	}
	from, kind := Normalize(form.Get("From"), country)
	from.Name = limit(strings.TrimSpace(clean(form.Get("ProfileName"))), 200)
	in.From = from
	in.Meta[MetaForm] = string(kind)
	switch kind {
	case FormNone:
		in.From, in.Flaw, in.Proof = channels.Address{}, "no usable sender", channels.ProofNone
	case FormOther:
		in.Flaw = otherChannel(from.Value) + " is not supported by this adapter: shown, and cannot be answered"
	}
}

func (a *Adapter) readRecipient(in *channels.Inbound, form url.Values) {
	to, _ := Normalize(form.Get("To"), a.cfg.country())
	if !to.IsZero() {
		in.To = []channels.Address{to}
	}
	ours := a.cfg.Number != "" && to.Value == a.cfg.Number ||
		a.cfg.MessagingServiceSID != "" && form.Get("MessagingServiceSid") == a.cfg.MessagingServiceSID
	if !ours {
		in.Meta[MetaUnroutable] = "true"
	}
}

// readMedia keeps a line of text for each file: the files stay with the provider, under the addresses in Meta (MediaUrl0 …).
func readMedia(in *channels.Inbound, form url.Values) {
	n, err := strconv.Atoi(form.Get("NumMedia"))
	if err != nil || n <= 0 {
		return
	}
	lines := make([]string, 0, maxMedia+1)
	if in.Text != "" {
		lines = append(lines, in.Text)
	}
	for i := range min(n, maxMedia) {
		mediaType := limit(oneLine(form.Get("MediaContentType"+strconv.Itoa(i))), 80)
		if mediaType == "" {
			mediaType = "application/octet-stream"
		}
		lines = append(lines, "["+mediaType+"]")
	}
	in.Text = strings.Join(lines, "\n")
}

func (a *Adapter) readConsent(in *channels.Inbound, form url.Values) {
	ask, byProvider := Consent(form.Get("Body"), form.Get("OptOutType"), a.local)
	in.Auto = ask
	switch {
	case ask != channels.AutoNone && byProvider:
		in.Meta[MetaKeyword] = "provider"
	case ask != channels.AutoNone:
		in.Meta[MetaKeyword] = "local"
	case SuspectedOptOut(form.Get("Body"), a.local):
		in.Meta[MetaSuspected] = "opt-out"
	}
}

// inboundOwn reports whether a field has a place of its own in channels.Inbound, or says nothing.
func inboundOwn(key string) bool {
	switch key {
	case "MessageSid", "SmsMessageSid", "SmsSid", "AccountSid", "From", "To", "Body", "ProfileName", "SmsStatus", "ApiVersion":
		return true
	}
	return false
}

// meta keeps the fields that are not own, unknown ones included, by the provider's names (M-02). Empty ones are left out; all of
// them are in the raw message.
func meta(form url.Values, own func(string) bool) map[string]string {
	kept := make(map[string]string)
	for k, vs := range form {
		if own(k) || k == "" || len(k) > 100 || len(kept) == maxMetaFields || strings.Join(vs, "") == "" {
			continue
		}
		kept[clean(k)] = limit(clean(strings.Join(vs, "\n")), maxMetaValue)
	}
	return kept
}

// limit cuts s to n bytes, not within a character.
func limit(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

func firstOf(form url.Values, keys ...string) string {
	for _, k := range keys {
		if v := strings.TrimSpace(clean(form.Get(k))); v != "" {
			return limit(v, 200)
		}
	}
	return ""
}
