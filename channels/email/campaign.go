package email

import (
	"bytes"
	"net/url"
	"strings"

	"sportello/channels"
	"sportello/channels/email/field"
)

// writeCampaign marks the mail of a campaign, so that no machine answers it, and so that a provider who counts complaints can say of
// which campaign they are: Feedback-ID has the campaign, the list, the kind and the sender, who is to stay the same for ever.
func (a *Adapter) writeCampaign(w *bytes.Buffer, out channels.Outbound) {
	if out.Auto == channels.AutoList {
		writeField(w, "Precedence", "bulk")
		writeField(w, "X-Auto-Response-Suppress", "OOF, AutoReply")
	}
	if out.Campaign != "" {
		_, domain, _ := strings.Cut(a.cfg.Address, "@")
		writeField(w, "Feedback-ID", strings.Join([]string{feedbackWord(out.Campaign), feedbackWord(out.List), "campaign", feedbackWord(domain)}, ":"))
	}
	writeList(w, out)
}

// feedbackWord is one of the four words of a Feedback-ID.
func feedbackWord(s string) string {
	return field.Clip(strings.Map(func(r rune) rune {
		if r == '.' || r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, s), 64)
}

// writeList marks campaign mail and says how to end it: one click without a question needs https (RFC 8058 section 3.1).
func writeList(w *bytes.Buffer, out channels.Outbound) {
	if id := field.OneLine(out.ListID); id != "" && !strings.ContainsAny(id, "<> ") {
		writeField(w, "List-Id", "<"+id+">")
	}
	if out.Unsubscribe == nil {
		return
	}
	var ways []string
	u, err := url.Parse(out.Unsubscribe.URL)
	click := err == nil && u.Scheme == "https" && u.Host != ""
	if click {
		ways = append(ways, "<"+u.String()+">")
	}
	if to, ok := field.Normal(out.Unsubscribe.Mail); ok && isASCII(to) {
		ways = append(ways, "<mailto:"+url.PathEscape(to)+"?subject=unsubscribe>")
	}
	if len(ways) > 0 {
		writeField(w, "List-Unsubscribe", strings.Join(ways, ", "))
	}
	if click {
		writeField(w, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	}
}
