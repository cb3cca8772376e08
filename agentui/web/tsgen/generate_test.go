package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// sources are the packages whose words are generated, from here.
var sources = []string{
	"../../wire", "../../../router/hub", "../../../inbox", "../../../inbox/customer", "../../../inbox/journal", "../../../inbox/live",
	"../../../channels",
}

// parse returns the files of a package without its tests.
func parse(t *testing.T, dir string) []*ast.File {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files in %s: %v", dir, err)
	}
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

func TestEveryWireStructAndFrameIsThere(t *testing.T) {
	out := generate()
	var files []*ast.File
	files = append(files, parse(t, "../../wire")...)
	frameFile, err := parser.ParseFile(token.NewFileSet(), "../../../router/hub/frames.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, frameFile)
	found := 0
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok || !spec.Name.IsExported() {
				return true
			}
			if _, isStruct := spec.Type.(*ast.StructType); isStruct {
				found++
				if !strings.Contains(out, "export interface "+spec.Name.Name+" ") {
					t.Errorf("%s is not generated", spec.Name.Name)
				}
			}
			return true
		})
	}
	if found < 30 {
		t.Fatalf("only %d structs found", found)
	}
}

// A constant added to a closed set of words must reach the console.
func TestEveryConstantIsInItsUnion(t *testing.T) {
	byName := map[string][]string{}
	for typ, values := range unions {
		byName[path.Base(typ.PkgPath())+"."+typ.Name()] = values
	}
	found := 0
	for _, dir := range sources {
		for _, f := range parse(t, dir) {
			for name, value := range constants(f) {
				for _, v := range value {
					values, closed := byName[path.Base(dir)+"."+name]
					if !closed {
						continue
					}
					found++
					if !slices.Contains(values, v) {
						t.Errorf("%s: %q of %s is in no union", dir, v, name)
					}
				}
			}
		}
	}
	if found < 50 {
		t.Fatalf("only %d constants found", found)
	}
}

// constants are the typed string constants of a file, by the name of their type.
func constants(f *ast.File) map[string][]string {
	out := map[string][]string{}
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		typ, _ := spec.Type.(*ast.Ident)
		lit, _ := spec.Values[0].(*ast.BasicLit)
		if typ != nil && lit != nil && lit.Kind == token.STRING {
			out[typ.Name] = append(out[typ.Name], strings.Trim(lit.Value, `"`))
		}
		return true
	})
	return out
}

// What Go marshals must be covered by the interface: each key that json.Marshal writes for a filled struct is a field.
func TestEveryFieldIsCovered(t *testing.T) {
	fields := interfaces(generate())
	for _, typ := range roots() {
		v := reflect.New(typ).Elem()
		fill(v, 0)
		data, err := json.Marshal(v.Interface())
		if err != nil {
			t.Fatal(err)
		}
		var keys map[string]json.RawMessage
		if err := json.Unmarshal(data, &keys); err != nil {
			t.Fatal(err)
		}
		name := typ.Name()
		if other, ok := names[typ]; ok {
			name = other
		}
		have := fields[name]
		for key := range keys {
			if !slices.Contains(have, key) {
				t.Errorf("%s has no field %q", name, key)
			}
		}
		if len(have) != len(keys) {
			t.Errorf("%s: %d fields for %d keys: %v", name, len(have), len(keys), have)
		}
	}
}

// fill makes every field non-empty, so that nothing is omitted.
func fill(v reflect.Value, depth int) {
	if depth > 6 {
		return
	}
	switch {
	case v.Type() == reflect.TypeFor[json.RawMessage]():
		v.SetBytes([]byte("1"))
		return
	case v.Type().PkgPath() == "time" && v.Kind() == reflect.Struct:
		m := v.Addr().MethodByName("UnmarshalText")
		m.Call([]reflect.Value{reflect.ValueOf([]byte("2026-01-02T03:04:05Z"))})
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && v.Type().Field(i).Type.Kind() != reflect.Interface {
				fill(v.Field(i), depth+1)
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth+1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), depth+1)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, depth+1)
		fill(value, depth+1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	}
}

var (
	head  = regexp.MustCompile(`^export interface (\w+)(?: extends ([\w, ]+))? \{$`)
	field = regexp.MustCompile(`^  (\w+)\??: (.+);$`)
)

// interfaces are the field names by interface, inherited ones included.
func interfaces(out string) map[string][]string {
	own, parents := map[string][]string{}, map[string][]string{}
	name := ""
	for line := range strings.Lines(out) {
		line = strings.TrimSuffix(line, "\n")
		if m := head.FindStringSubmatch(line); m != nil {
			name = m[1]
			if m[2] != "" {
				parents[name] = strings.Split(m[2], ", ")
			}
		} else if m := field.FindStringSubmatch(line); m != nil {
			own[name] = append(own[name], m[1])
		}
	}
	all := map[string][]string{}
	for name := range own {
		all[name] = inherited(name, own, parents)
	}
	for name := range parents {
		all[name] = inherited(name, own, parents)
	}
	return all
}

func inherited(name string, own, parents map[string][]string) []string {
	out := slices.Clone(own[name])
	for _, p := range parents[name] {
		out = append(out, inherited(p, own, parents)...)
	}
	return out
}

// The output is a list of closed declarations in which every name that is used is declared.
func TestOutputIsWellFormed(t *testing.T) {
	out := generate()
	if out != generate() {
		t.Error("two runs differ")
	}
	declared := map[string]bool{"Time": true, "Record": true, "Partial": true}
	for _, m := range regexp.MustCompile(`export (?:type|interface) (\w+)`).FindAllStringSubmatch(out, -1) {
		declared[m[1]] = true
	}
	open := false
	for i, line := range strings.Split(out, "\n") {
		place := fmt.Sprintf("line %d: %q", i+1, line)
		switch {
		case head.MatchString(line):
			if open {
				t.Errorf("%s: inside another", place)
			}
			open = true
		case line == "}":
			open = false
		case field.MatchString(line):
			if !open {
				t.Errorf("%s: outside", place)
			}
			typ := regexp.MustCompile(`'[^']*'`).ReplaceAllString(field.FindStringSubmatch(line)[2], "")
			for _, word := range regexp.MustCompile(`\b[A-Z]\w*`).FindAllString(typ, -1) {
				if !declared[word] {
					t.Errorf("%s: %s is not declared", place, word)
				}
			}
		case line == "" || strings.HasPrefix(line, "//") || strings.HasPrefix(line, "/**") ||
			strings.HasPrefix(line, "export type ") || strings.HasPrefix(line, "  | '"):
		default:
			t.Errorf("%s: not understood", place)
		}
	}
	if open {
		t.Error("the last interface is not closed")
	}
}
