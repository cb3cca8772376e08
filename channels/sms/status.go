package sms

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"sportello/channels"
)

func (a *Adapter) serveStatus(w http.ResponseWriter, r *http.Request) {
	hook := a.admit(w, r)
	if hook == nil {
		return
	}
	receipt := a.readReceipt(hook.form, r.URL.Query().Get("o"), a.deps.Now())
	if receipt.External == "" && receipt.OutboxID == "" {
		a.count.unreadable.Add(1)
		http.Error(w, "no MessageSid", http.StatusBadRequest)
		return
	}
	ctx, cancel := sinkContext(r)
	defer cancel()
	if err := a.deps.Sink.Settle(ctx, receipt); err != nil {
		a.notTaken(w, r, "receipt", err)
		return
	}
	a.count.receipts.Add(1)
	a.storeHealth("", "")
	if f := receipt.Fault; f != nil && f.Code == channels.CodeAuth { // our account is suspended: nothing will go out
		a.apiHealth("auth", f.Error())
	}
	taken(w)
}

// readReceipt makes a receipt of a status callback. outbox is the id that our StatusURL carried; it is signed with the URL.
func (a *Adapter) readReceipt(form url.Values, outbox string, now time.Time) channels.Receipt {
	status := firstOf(form, "MessageStatus", "SmsStatus")
	state, known := StateOf(status)
	receipt := channels.Receipt{
		Account: a.cfg.Account, Kind: channels.SMS, OutboxID: limit(clean(outbox), 200),
		External: firstOf(form, "MessageSid", "SmsSid"), State: state, At: now, Meta: meta(form, statusOwn),
	}
	receipt.Meta["MessageStatus"] = status
	if !known {
		a.deps.Log.Warn("status not known", "status", status, "external", receipt.External)
	}
	if to, _ := Normalize(form.Get("To"), a.cfg.country()); !to.IsZero() {
		receipt.Recipient = to.Value
	}
	if state == channels.StateFailed {
		code, _ := strconv.Atoi(form.Get("ErrorCode"))
		detail := firstOf(form, "ErrorMessage", "ChannelStatusMessage")
		if detail == "" {
			detail = status
		}
		receipt.Fault = FaultFor(code, detail)
		if status == "partially_delivered" { // some parts have arrived: sending all again would repeat them
			receipt.Fault.Class, receipt.Fault.RetryAfter = channels.Permanent, 0
		}
	}
	return receipt
}

// StateOf maps the provider's status to ours (M-12). A status that is not known counts as the lowest rank, which moves nothing,
// and known is false. Twilio's "sending" is after it took the message, which is StateSent here: StateSending is an attempt of our
// own that has not been settled. Pure.
func StateOf(status string) (state channels.State, known bool) {
	switch status {
	case "accepted", "scheduled", "queued":
		return channels.StateQueued, true
	case "sending", "sent":
		return channels.StateSent, true
	case "delivered":
		return channels.StateDelivered, true
	case "read":
		return channels.StateRead, true
	case "failed", "undelivered", "partially_delivered":
		return channels.StateFailed, true
	case "canceled":
		return channels.StateCanceled, true
	}
	return channels.StateQueued, false
}

func statusOwn(key string) bool {
	switch key {
	case "MessageSid", "SmsSid", "AccountSid", "From", "To", "MessageStatus", "SmsStatus", "ApiVersion":
		return true
	}
	return false
}
