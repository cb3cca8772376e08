package agentui

import (
	"net/http"
	"net/mail"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/idna"

	"sportello/agentui/wire"
	"sportello/channels"
	"sportello/inbox"
)

const (
	mostAddresses = 50  // of one field
	mostSubject   = 500 // bytes
)

// address puts into a command what the agent chose for a mail: recipients, subject and files. What he chose is not replaced by another
// channel later.
func (s *Server) address(c *call, cmd *inbox.ReplyCmd, in wire.Reply) (err error) {
	if len(in.Files) > 0 {
		if cmd.Kind != channels.Email {
			return refuse(http.StatusUnprocessableEntity, "no_files")
		}
		if cmd.Parts, err = s.parts(c, in.Files); err != nil {
			return err
		}
	}
	if cmd.Kind != channels.Email {
		return nil
	}
	for _, f := range []struct {
		name string
		list []string
		into *[]channels.Address
	}{{"to", in.To, &cmd.To}, {"cc", in.Cc, &cmd.Cc}, {"bcc", in.Bcc, &cmd.Bcc}} {
		if *f.into, err = recipients(f.name, f.list); err != nil {
			return err
		}
	}
	if len(cmd.To) == 0 && len(cmd.Cc)+len(cmd.Bcc) > 0 {
		cmd.To = []channels.Address{{Kind: cmd.Kind, Value: cmd.Address}}
	}
	confirmed, err := recipients("confirmed", in.Confirmed)
	for _, a := range confirmed {
		cmd.Confirmed = append(cmd.Confirmed, a.Value)
	}
	cmd.Pinned = cmd.Pinned || len(cmd.To) > 0
	cmd.Subject = in.Subject
	if err == nil {
		err = text("subject", in.Subject, false, mostSubject)
	}
	return err
}

// recipients reads addresses that an agent typed. An error names the field and the place: "to.2".
func recipients(field string, list []string) ([]channels.Address, error) {
	if len(list) > mostAddresses {
		return nil, invalid(field, "too_many")
	}
	var all []channels.Address
	for i, s := range list {
		a, ok := mailbox(s)
		if !ok {
			return nil, invalid(field+"."+strconv.Itoa(i), "address")
		}
		all = append(all, a)
	}
	return all, nil
}

// mailbox reads one address, with a name or without, into the form of channels.Address.
func mailbox(s string) (channels.Address, bool) {
	parsed, err := mail.ParseAddress(strings.TrimSpace(s))
	if err != nil || len(parsed.Address) > 254 {
		return channels.Address{}, false
	}
	at := strings.LastIndexByte(parsed.Address, '@')
	local, domain := strings.ToLower(parsed.Address[:at]), parsed.Address[at+1:]
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil || !strings.Contains(ascii, ".") || local == "" || strings.ContainsFunc(local, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`<>()[]\,;:@"`, r)
	}) {
		return channels.Address{}, false
	}
	return channels.Address{Kind: channels.Email, Value: local + "@" + ascii, Name: parsed.Name}, true
}

// envelope says to whom a reply by mail would go.
func (s *Server) envelope(c *call) (any, error) {
	conv, who, err := s.known(c, verbRead)
	if err != nil {
		return nil, err
	}
	verdict, err := s.ask(c.ctx, conv, who, channels.Email)
	if err != nil {
		return nil, err
	}
	option, _ := verdict.Option(channels.Email)
	e, err := s.Ledger.Envelope(c.ctx, conv.ID, option.Account)
	if err != nil {
		return nil, err
	}
	if len(e.To) == 0 && option.Address != "" {
		e.To = []channels.Address{{Kind: channels.Email, Value: option.Address, Name: conv.CustomerName}}
	}
	return wire.Envelope{To: e.To, Cc: e.Cc, Subject: e.Subject, Known: e.Known}, nil
}

// cancel takes a reply back that has not left.
func (s *Server) cancel(c *call) (any, error) {
	var in wire.Command
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if err := clientID(in.ClientID); err != nil {
		return nil, err
	}
	conv, err := s.permitted(c, verbRead)
	if err != nil {
		return nil, err
	}
	id, err := pathID(c.r.PathValue("mid"))
	if err != nil {
		return nil, err
	}
	return s.Ledger.Cancel(c.ctx, conv.ID, inbox.MessageID(id), c.me.ID, manages(c.me))
}
