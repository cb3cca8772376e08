package verp

import (
	"strings"
	"testing"
)

const id = "0198c1f2-7b3a-7c11-8d22-0123456789ab"

// E-51: the sender of each mail names it, whatever case it comes back in, and nobody else can name one.
func TestE51BounceNamesItsMail(t *testing.T) {
	key := []byte("key")
	addr := Sender("bounce@shop.example", key, id)
	local, _, _ := strings.Cut(addr, "@")
	if !strings.HasPrefix(addr, "bounce+") || len(local) > 64 {
		t.Fatal(addr)
	}
	for _, came := range []string{addr, strings.ToUpper(addr)} {
		if got, ok := Read(came, "bounce@shop.example", key); !ok || got != id {
			t.Errorf("%s: %q %v", came, got, ok)
		}
	}
	for _, wrong := range []string{"", "@", "bounce@shop.example", "bounce+@shop.example", "bounce+x.y@shop.example", strings.Replace(addr, "0198", "0199", 1),
		strings.Replace(addr, "shop", "evil", 1), strings.Replace(addr, "bounce+", "other+", 1), addr[:len(addr)-14] + "@shop.example"} {
		if got, ok := Read(wrong, "bounce@shop.example", key); ok {
			t.Errorf("%s: %q", wrong, got)
		}
	}
	if _, ok := Read(addr, "bounce@shop.example", []byte("another")); ok {
		t.Error("another key")
	}
	for _, bad := range []string{Sender("bounce", key, id), Sender("bounce@x", key, "out-1"), Sender("bounce@x", nil, id), Sender(strings.Repeat("b", 30)+"@x", key, id)} {
		if bad != "" {
			t.Error(bad)
		}
	}
}

// Whatever a stranger writes is not ours.
func FuzzRead(f *testing.F) {
	f.Add(Sender("bounce@shop.example", []byte("another"), id))
	f.Add("bounce+.@shop.example")
	f.Fuzz(func(t *testing.T, addr string) {
		if got, ok := Read(addr, "bounce@shop.example", []byte("key")); ok {
			t.Fatalf("%q names %q", addr, got)
		}
	})
}
