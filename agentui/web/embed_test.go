package web

import (
	"bytes"
	"io/fs"
	"testing"
)

func TestDistCanBeReadWithoutBuilding(t *testing.T) {
	if _, err := fs.ReadDir(Dist(), "."); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(Placeholder(), []byte("make web")) {
		t.Error("the placeholder does not say how to build the front end")
	}
}
