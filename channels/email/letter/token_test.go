package letter

import (
	"fmt"
	"strings"
	"testing"
)

// E-19: the tokens of all addresses of ours are found, those of the envelope first, in lower case, each once and not without end.
func TestE19EveryTokenIsFound(t *testing.T) {
	own := []string{"support@shop.example"}
	raw := "From: a@b.it\r\nTo: support+news@shop.example, Support+K7XQ2@Shop.Example, other+zzz@shop.example\r\n" +
		"Cc: <support+k7xq2@shop.example>, <support+@shop.example>, <support+a_b@shop.example>\r\nDelivered-To: support+first@shop.example\r\n\r\nx"
	m := Read([]byte(raw), Reading{Own: own})
	if got := strings.Join(append([]string{m.Thread.Token}, m.Thread.OtherTokens...), " "); got != "first news k7xq2" {
		t.Errorf("found %q", got)
	}
	many := "From: a@b.it\r\nTo: "
	for i := range 1000 {
		many += fmt.Sprintf("support+t%d@shop.example,\r\n ", i)
	}
	m = Read([]byte(many+"c@d.it\r\n\r\nx"), Reading{Own: own})
	if m.Thread.Token != "t0" || len(m.Thread.OtherTokens) != tokensMost-1 {
		t.Errorf("%+v", m.Thread)
	}
}
