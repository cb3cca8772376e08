package inbox

import (
	"slices"
	"strings"

	"sportello/channels"
)

// clean makes every text of a message storable: PostgreSQL takes neither NUL nor broken UTF-8, and a message must not be lost for
// a byte in its subject. Adapters do so too; this is the last line.
func clean(in channels.Inbound) channels.Inbound {
	for _, s := range []*string{&in.External, &in.Subject, &in.Text, &in.HTML, &in.Flaw, &in.Locale, &in.Thread.MessageID, &in.Thread.Token} {
		*s = storable(*s)
	}
	in.From, in.To, in.Cc = storableAddress(in.From), storableAddresses(in.To), storableAddresses(in.Cc)
	in.Thread.InReplyTo, in.Thread.References = storableTexts(in.Thread.InReplyTo), storableTexts(in.Thread.References)
	in.Claims, in.Parts = slices.Clone(in.Claims), slices.Clone(in.Parts)
	for i := range in.Claims {
		in.Claims[i].Address = storableAddress(in.Claims[i].Address)
	}
	for i := range in.Parts {
		p := &in.Parts[i]
		p.Name, p.Type, p.CID, p.Threat = storable(p.Name), storable(p.Type), storable(p.CID), storable(p.Threat)
	}
	return in
}

func storable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

func storableTexts(all []string) []string {
	all = slices.Clone(all)
	for i := range all {
		all[i] = storable(all[i])
	}
	return all
}

func storableAddress(a channels.Address) channels.Address {
	a.Value, a.Name = storable(a.Value), storable(a.Name)
	return a
}

func storableAddresses(all []channels.Address) []channels.Address {
	all = slices.Clone(all)
	for i := range all {
		all[i] = storableAddress(all[i])
	}
	return all
}
