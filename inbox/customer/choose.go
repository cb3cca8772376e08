package customer

import (
	"slices"

	"sportello/channels"
)

// choose picks one of the options, and says why.
func (r *reach) choose() (int, Code) {
	if r.Want != "" {
		n := r.index(r.Want)
		if n < 0 {
			return -1, CodeNoAccount
		}
		o := r.options[n]
		if r.strong(n) || r.Pinned && o.Usable {
			return n, o.Codes[0]
		}
		if r.Pinned {
			return -1, o.Codes[0]
		}
	}
	for _, w := range r.wishes() {
		if n := r.index(w.kind); r.strong(n) {
			return n, r.reason(n, w.code)
		}
	}
	if n := r.index(channels.Chat); n >= 0 && r.options[n].Usable && (r.cameByChat() || !r.later()) {
		return n, CodeVisitorLeft
	}
	return -1, r.obstacle()
}

type wish struct {
	kind channels.Kind
	code Code
}

// wishes lists the channels in the order in which they are to be tried.
func (r *reach) wishes() []wish {
	var all []wish
	if r.Conversation.Kind == channels.Chat {
		if n := r.index(channels.Chat); r.strong(n) {
			all = append(all, wish{channels.Chat, CodeVisitorHere})
		}
	}
	stated := r.Customer.Preference != nil && r.Customer.Preference.Source != "inferred"
	if stated {
		all = append(all, wish{r.preferred(), CodePreferred})
	}
	all = append(all, wish{r.last(), CodeLastInbound})
	if !stated {
		all = append(all, wish{r.preferred(), CodePreferred})
	}
	all = append(all, wish{r.Conversation.Kind, CodeConversation})
	for _, k := range channels.Kinds() {
		all = append(all, wish{k, CodeAvailable})
	}
	return all
}

// reason is the deciding reason of a choice: when it is not what the customer would expect, why not.
func (r *reach) reason(n int, code Code) Code {
	if p := r.index(r.preferred()); p >= 0 && p != n && !r.strong(p) && code != CodeVisitorHere {
		return CodePreferredOther
	}
	left := r.options[r.index(channels.Chat)].Codes[0] == CodeVisitorLeft
	if left && r.last() == channels.Chat && r.options[n].Kind != channels.Chat && code != CodePreferred {
		return CodeVisitorLeft
	}
	return code
}

func (r *reach) index(k channels.Kind) int {
	return slices.IndexFunc(r.options, func(o Option) bool { return o.Kind == k })
}

// strong reports whether a message would reach the customer by an option now: a chat that he left only keeps it for him.
func (r *reach) strong(n int) bool {
	return n >= 0 && r.options[n].Usable && r.options[n].Codes[0] != CodeVisitorLeft
}

func (r *reach) cameByChat() bool {
	return r.Conversation.Kind == channels.Chat || r.Conversation.LastKind == channels.Chat
}

// later reports whether an option that cannot be used now can be used later.
func (r *reach) later() bool { return slices.ContainsFunc(r.options, passing) }

func passing(o Option) bool {
	return !o.Usable && (o.Codes[0] == CodeQuietHours || o.Codes[0] == CodeProviderDown)
}

// obstacle is why nothing can be used: something that passes, if there is such, else what stands in the way of the channel that
// would have been chosen.
func (r *reach) obstacle() Code {
	code := CodeNoAddress
	found := false
	for _, w := range r.wishes() {
		n := r.index(w.kind)
		if n < 0 {
			continue
		}
		o := r.options[n]
		if passing(o) {
			return o.Codes[0]
		}
		if !found && o.Address != "" {
			code, found = o.Codes[0], true
		}
	}
	return code
}
