package inbox_test

import (
	"testing"

	"sportello/channels"
)

// A message with bytes that no database takes is taken all the same, on both.
func TestAnyBytesAreTaken(t *testing.T) {
	houses(t, func(h *house) {
		bad := "caff\xe8\x00 \xed\xa0\x80"
		in := h.mail(bad)
		in.Subject, in.HTML, in.Flaw, in.External = bad, bad, bad, in.External+bad
		in.From.Name, in.Thread.MessageID, in.Thread.InReplyTo, in.Thread.Token = bad, bad, []string{bad, "a@b\x00"}, bad
		in.To = []channels.Address{{Kind: channels.Email, Value: bad, Name: bad}}
		in.Parts = []channels.Part{{Name: bad, Type: bad, CID: bad}}
		in.Claims = []channels.Claim{{Address: channels.Address{Kind: channels.SMS, Value: bad, Name: bad}, Proof: channels.ProofDeclared}}
		a := h.accept(in)
		if m := h.messages(a.Conversation)[0]; m.Text != "caff\uFFFD \uFFFD" {
			t.Fatalf("%q", m.Text)
		}
		if !h.accept(in).Duplicate {
			t.Fatal("not known the second time")
		}
		if in.Parts[0].Name != bad {
			t.Fatal("the caller's message was changed")
		}
	})
}
