package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The rooms, left to right: a package may import its own room and those to its left.
var rooms = []string{"channels", "inbox", "router", "agentui", "cmd"}

// Modules with one importer each; "" stands for the files of the folder itself and below.
var keepers = map[string][]string{
	"github.com/redis/go-redis":       {"inbox/live"},
	"github.com/alicebob/miniredis":   {"inbox/live", "inbox/inboxtest"},
	"modernc.org/sqlite":              {"inbox/db"},
	"github.com/jackc/pgx":            {"inbox/db"},
	"github.com/twilio/twilio-go":     {"channels/sms", "channels/channeltest"},
	"github.com/emersion/go-imap":     {"channels/email", "channels/channeltest"},
	"github.com/emersion/go-smtp":     {"channels/email", "channels/channeltest"},
	"github.com/gorilla/websocket":    {"channels/socket", "channels/channeltest"},
	"github.com/ProtonMail/go-crypto": {"channels/email/pgp"},
	"testing":                         {"channels/channeltest", "inbox/inboxtest", "router/roster/rostertest"},
}

// Tests, and what drives a gateway from outside, may use a client of their own to look at a server.
func exempt(file, imported string) bool {
	outside := strings.HasPrefix(file, "cmd/loadtest/") || strings.HasPrefix(file, "cmd/staging/")
	return (strings.HasSuffix(file, "_test.go") || outside && imported != "testing") && imported != "modernc.org/sqlite"
}

type imported struct{ file, path string }

// importsBelow parses every Go file below root. It reads the files itself: a test that asks the go command is answered from the
// test cache when a file has changed that it does not depend on.
func importsBelow(t *testing.T, root string) []imported {
	t.Helper()
	var all []imported
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && name != root):
			return fs.SkipDir
		case !strings.HasSuffix(name, ".go"):
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		for _, i := range f.Imports {
			p, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			all = append(all, imported{filepath.ToSlash(rel), p})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// wrong says what is wrong with an import, or "".
func wrong(i imported) string {
	room := strings.SplitN(i.file, "/", 2)[0]
	at := slices.Index(rooms, room)
	if at < 0 {
		return "lies outside the rooms"
	}
	if in, ok := strings.CutPrefix(i.path, "sportello/"); ok {
		other := slices.Index(rooms, strings.SplitN(in, "/", 2)[0])
		if other < 0 || other > at {
			return "imports to its right"
		}
		if room == "channels" && path.Dir(i.file) == "channels" {
			return "channels itself imports the standard library only"
		}
		if sibling(i.file, in) {
			return "one noun of inbox imports another"
		}
	}
	if path.Dir(i.file) == "channels" && strings.Contains(strings.SplitN(i.path, "/", 2)[0], ".") {
		return "channels itself imports the standard library only"
	}
	for module, owners := range keepers {
		if i.path != module && !strings.HasPrefix(i.path, module+"/") || exempt(i.file, i.path) {
			continue
		}
		if !slices.ContainsFunc(owners, func(o string) bool { return strings.HasPrefix(i.file, o+"/") }) {
			return "is not the keeper of that module"
		}
	}
	return ""
}

// sibling reports whether a noun of inbox imports another. db, gate, journal and customer are open to all, and so are inbox's own ids;
// inbox/live and the test kit stand beside the nouns.
func sibling(file, in string) bool {
	from := path.Dir(file)
	if !strings.HasPrefix(from, "inbox/") || !strings.HasPrefix(in, "inbox/") || strings.HasSuffix(file, "_test.go") {
		return false
	}
	open := []string{from, "inbox/db", "inbox/gate", "inbox/journal", "inbox/customer"}
	return !slices.Contains(open, in) && from != "inbox/inboxtest"
}

// The import rule of the rooms (design.md): channels < inbox < router < agentui < cmd.
func TestRoomsImportLeftOnly(t *testing.T) {
	all := importsBelow(t, filepath.Join("..", ".."))
	if len(all) < 100 {
		t.Fatalf("only %d imports found: the walk does not see the tree", len(all))
	}
	for _, i := range all {
		if why := wrong(i); why != "" {
			t.Errorf("%s imports %s: %s", i.file, i.path, why)
		}
	}
}

// The rule itself can fail: each of these imports must be refused, on files that really lie on disk.
func TestRoomsRuleRefuses(t *testing.T) {
	root := t.TempDir()
	for file, imp := range map[string]string{
		"channels/sms/a.go":     "sportello/inbox",
		"channels/a.go":         "sportello/channels/socket",
		"channels/b.go":         "github.com/google/uuid",
		"inbox/a.go":            "sportello/router",
		"inbox/ticket/a.go":     "sportello/inbox/faq",
		"inbox/customer/a.go":   "github.com/redis/go-redis/v9",
		"router/a.go":           "sportello/agentui/wire",
		"router/hub/b.go":       "github.com/gorilla/websocket",
		"agentui/a.go":          "sportello/cmd/gateway",
		"agentui/b.go":          "modernc.org/sqlite",
		"agentui/c.go":          "testing",
		"elsewhere/a.go":        "fmt",
		"router/roster/db_x.go": "github.com/jackc/pgx/v5/stdlib",
	} {
		name := filepath.Join(root, filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("package x\n\nimport _ \""+imp+"\"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	found := importsBelow(t, root)
	if len(found) != 13 {
		t.Fatalf("%d imports found, want 13", len(found))
	}
	for _, i := range found {
		if wrong(i) == "" {
			t.Errorf("%s imports %s and is not refused", i.file, i.path)
		}
	}
}

// Nothing lies at the root but what the design names.
func TestRootHoldsNothingElse(t *testing.T) {
	allowed := append([]string{"go.mod", "go.sum", "docker-compose.yml", "README.md", "Makefile"}, rooms...)
	entries, err := os.ReadDir(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !slices.Contains(allowed, e.Name()) {
			t.Errorf("%s lies at the root", e.Name())
		}
	}
}
