package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// One gate each way (design.md, promise 4), shown on the source: who builds what leaves, who hands it to a channel, who writes the
// rows. A path around a gate is a new place in one of these lists.

// writers are the folders whose SQL may write a table.
var writers = map[string][]string{
	"conversation": {"inbox"}, "message": {"inbox"}, "mail_ref": {"inbox"}, "outbox": {"inbox"}, "attempt": {"inbox"},
	"parked_receipt": {"inbox"}, "campaign": {"inbox"}, "bookmark": {"inbox"}, "automatic": {"inbox"}, "stopped": {"inbox"},
	"customer": {"inbox/customer"}, "identity": {"inbox/customer"}, "preference": {"inbox/customer"}, "consent": {"inbox/customer"},
	"strike": {"inbox/customer"},
	"event":  {"inbox/journal"}, "relay": {"inbox/journal"}, "seal": {"inbox/audit"}, "seal_head": {"inbox/audit"},
	"rule_set": {"router"}, "agent": {"router/roster"}, "queue": {"router/roster"}, "session": {"agentui/session"},
}

var writes = regexp.MustCompile(`(?i)\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+([a-z_]+)`)

// The load test fills a record of its own making before it starts a gateway on it.
const fillsItsOwn = "cmd/loadtest"

// sources parses every Go file of the program that is not a test.
func sources(t *testing.T, visit func(dir string, f *ast.File)) {
	t.Helper()
	root := filepath.Join("..", "..")
	seen := 0
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && name != root):
			return fs.SkipDir
		case !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		seen++
		visit(path.Dir(filepath.ToSlash(rel)), f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 100 {
		t.Fatalf("only %d files seen: the walk does not see the tree", seen)
	}
}

func TestOnlyItsKeeperWritesATable(t *testing.T) {
	found := map[string]bool{}
	sources(t, func(dir string, f *ast.File) {
		ast.Inspect(f, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			if err != nil {
				return true
			}
			for _, m := range writes.FindAllStringSubmatch(text, -1) {
				table := strings.ToLower(m[1])
				keepers, ours := writers[table]
				if !ours {
					continue
				}
				if dir == fillsItsOwn {
					continue
				}
				found[table] = true
				if !slices.Contains(keepers, dir) {
					t.Errorf("%s writes %s: only %v may", dir, table, keepers)
				}
			}
			return true
		})
	})
	for table := range writers {
		if !found[table] {
			t.Errorf("nothing writes %s: the test does not see the program's SQL, or the table is dead", table)
		}
	}
}

func TestOnlyTheLedgerBuildsWhatLeavesAndOnlyDispatchSendsIt(t *testing.T) {
	built, held := 0, 0
	sources(t, func(dir string, f *ast.File) {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CompositeLit:
				if isChannels(n.Type, "Outbound") && len(n.Elts) > 0 {
					built++
					if dir != "inbox" && !strings.HasPrefix(dir, "channels/chat/chattest") {
						t.Errorf("%s builds a channels.Outbound: only the ledger freezes envelopes", dir)
					}
				}
			case *ast.Field:
				if isChannels(n.Type, "Sender") || isSenderMap(n.Type) {
					held++
					if dir != "router/dispatch" {
						t.Errorf("%s holds a channels.Sender: only the dispatcher sends", dir)
					}
				}
			}
			return true
		})
	})
	if built == 0 || held == 0 {
		t.Errorf("built %d, held %d: the test does not see the gate", built, held)
	}
}

func isChannels(e ast.Expr, name string) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != name {
		return false
	}
	x, ok := s.X.(*ast.Ident)
	return ok && x.Name == "channels"
}

func isSenderMap(e ast.Expr) bool {
	m, ok := e.(*ast.MapType)
	return ok && isChannels(m.Value, "Sender")
}
