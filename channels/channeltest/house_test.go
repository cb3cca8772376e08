package channeltest

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// The demo links this package, so it may not link package testing.
func TestNothingHereImportsTesting(t *testing.T) {
	names, err := filepath.Glob("*.go")
	if err != nil || len(names) == 0 {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range file.Imports {
			if path := strings.Trim(i.Path.Value, `"`); path == "testing" || strings.HasSuffix(path, "/mailrig") {
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
}
