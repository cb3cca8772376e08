package agentui

import (
	"net/mail"
	"slices"
	"strings"

	"sportello/agentui/wire"
	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/customer"
)

// customerOf finds the customer that the path names.
func (s *Server) customerOf(c *call) (customer.Customer, error) {
	id, err := pathID(c.r.PathValue("id"))
	if err != nil {
		return customer.Customer{}, err
	}
	return s.Book.Read(c.ctx, customer.ID(id))
}

// customer is one customer.
func (s *Server) customer(c *call) (any, error) { return s.customerOf(c) }

// patchCustomer changes the name and the pinned note.
func (s *Server) patchCustomer(c *call) (any, error) {
	var in wire.CustomerPatch
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	who, err := s.customerOf(c)
	if err != nil {
		return nil, err
	}
	actor := inbox.ActorOf(c.me.ID)
	if in.Name != nil {
		if err := text("name", *in.Name, true, 400); err != nil {
			return nil, err
		}
		if err := s.Book.Rename(c.ctx, who.ID, strings.TrimSpace(*in.Name), actor); err != nil {
			return nil, err
		}
	}
	if in.Note != nil {
		if err := text("note", *in.Note, false, 8000); err != nil {
			return nil, err
		}
		if err := s.Book.SetNote(c.ctx, who.ID, *in.Note, actor); err != nil {
			return nil, err
		}
	}
	return s.Book.Read(c.ctx, who.ID)
}

// addIdentity notes an address that the agent was told. It is declared only: it opens nobody's history.
func (s *Server) addIdentity(c *call) (any, error) {
	var in wire.NewIdentity
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	who, err := s.customerOf(c)
	if err != nil {
		return nil, err
	}
	value, ok := address(in.Kind, in.Value)
	if !ok {
		return nil, invalid("value", "format")
	}
	a := channels.Address{Kind: in.Kind, Value: value}
	if err := s.Book.Declare(c.ctx, who.ID, a, channels.ProofDeclared, inbox.ActorOf(c.me.ID)); err != nil {
		return nil, err
	}
	return s.Book.Read(c.ctx, who.ID)
}

// restore makes an address usable again that had refused our messages, because an agent has verified it with its owner (E-33).
func (s *Server) restore(c *call) (any, error) {
	who, err := s.customerOf(c)
	if err != nil {
		return nil, err
	}
	identity, err := pathID(c.r.PathValue("identity"))
	if err != nil {
		return nil, err
	}
	if err := s.Book.Restore(c.ctx, who.ID, identity, inbox.ActorOf(c.me.ID)); err != nil {
		return nil, err
	}
	return s.Book.Read(c.ctx, who.ID)
}

// address is an address as it is stored (channels.Address). A chat visitor cannot be noted by hand.
func address(kind channels.Kind, value string) (string, bool) {
	value = strings.TrimSpace(value)
	switch kind {
	case channels.Email:
		a, err := mail.ParseAddress(value)
		if err != nil || a.Name != "" || len(a.Address) > 254 {
			return "", false
		}
		return strings.ToLower(a.Address), true
	case channels.SMS:
		digits := strings.NewReplacer(" ", "", "-", "", ".", "", "(", "", ")", "", "/", "").Replace(value)
		if rest, ok := strings.CutPrefix(digits, "00"); ok {
			digits = "+" + rest
		}
		number, ok := strings.CutPrefix(digits, "+")
		if !ok || len(number) < 7 || len(number) > 15 || strings.Trim(number, "0123456789") != "" {
			return "", false
		}
		return digits, true
	}
	return "", false
}

// setPreference notes the channel that the customer asked for.
func (s *Server) setPreference(c *call) (any, error) {
	var in wire.SetPreference
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if in.Channel != "" && !slices.Contains(channels.Kinds(), in.Channel) {
		return nil, invalid("channel", "format")
	}
	who, err := s.customerOf(c)
	if err != nil {
		return nil, err
	}
	p := customer.Preference{Channel: in.Channel, Source: "stated", UpdatedAt: s.Now()}
	if who.Preference != nil {
		p.QuietFrom, p.QuietTo = who.Preference.QuietFrom, who.Preference.QuietTo
	}
	if err := s.Book.SetPreference(c.ctx, who.ID, p, inbox.ActorOf(c.me.ID)); err != nil {
		return nil, err
	}
	return s.Book.Read(c.ctx, who.ID)
}
