package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// header opens the file.
const header = `// Generated from the gateway's Go types by agentui/web/tsgen. Do not edit.

/** RFC 3339 in UTC. */
export type Time = string;
`

// footer names the unions of frames.
const footer = `
export type ClientFrame = Hello | Ack | Typing | View;
export type ServerFrame = Welcome | EntryFrame | Ping | Signal;
`

// generator collects the types that the roots reach.
type generator struct {
	seen map[reflect.Type]string // declaration by type
	used map[string]reflect.Type // each TypeScript name stands for one type
}

// generate returns the whole file. The same program always gives the same text.
func generate() string {
	g := &generator{seen: map[reflect.Type]string{}, used: map[string]reflect.Type{}}
	for _, t := range roots() {
		g.expr(t)
	}
	texts := make([]string, 0, len(g.seen))
	for _, text := range g.seen {
		texts = append(texts, text)
	}
	slices.Sort(texts)
	return header + strings.Join(texts, "") + footer
}

// expr is how a type is written where it is used. It declares named types on the way.
func (g *generator) expr(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[time.Time]():
		return "Time"
	case reflect.TypeFor[time.Duration]():
		return "number"
	case reflect.TypeFor[json.RawMessage]():
		return "unknown"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return g.expr(t.Elem())
	case reflect.Slice, reflect.Array:
		return g.expr(t.Elem()) + "[]"
	case reflect.Map:
		return g.mapExpr(t)
	case reflect.Struct:
		return g.declare(t, g.structText)
	case reflect.String:
		if t.PkgPath() == "" {
			return "string"
		}
		return g.declare(t, wordText)
	case reflect.Bool:
		return "boolean"
	case reflect.Interface:
		return "unknown"
	}
	return "number"
}

// mapExpr is the type of a map: keys from a closed set need not all be there.
func (g *generator) mapExpr(t reflect.Type) string {
	key := g.expr(t.Key())
	if _, closed := unions[t.Key()]; closed {
		return "Partial<Record<" + key + ", " + g.expr(t.Elem()) + ">>"
	}
	return "Record<" + key + ", " + g.expr(t.Elem()) + ">"
}

// declare gives a named type its declaration, once, and returns its name. Two types with one name are an error in this program.
func (g *generator) declare(t reflect.Type, text func(reflect.Type, string) string) string {
	name := t.Name()
	if other, ok := names[t]; ok {
		name = other
	}
	if _, ok := g.seen[t]; ok {
		return name
	}
	if other, ok := g.used[name]; ok {
		panic(fmt.Sprintf("tsgen: %s and %s have the same name: add one to names", other, t))
	}
	g.used[name] = t
	g.seen[t] = "" // a type may reach itself
	g.seen[t] = text(t, name)
	return name
}

// wordText declares a named string.
func wordText(t reflect.Type, name string) string {
	values, closed := unions[t]
	if !closed {
		return fmt.Sprintf("\nexport type %s = string;\n", name)
	}
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = fmt.Sprintf("\n  | '%s'", v)
	}
	return fmt.Sprintf("\nexport type %s =%s;\n", name, strings.Join(quoted, ""))
}

// structText declares an interface. Embedded structs are extended, as their fields stand beside the others in JSON.
func (g *generator) structText(t reflect.Type, name string) string {
	var parents []string
	var fields strings.Builder
	for i := range t.NumField() {
		f := t.Field(i)
		tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case tag == "-" || !f.IsExported():
		case f.Anonymous && tag == "":
			parents = append(parents, g.expr(f.Type))
		default:
			fmt.Fprintf(&fields, "  %s%s: %s;\n", fieldName(f, tag), optional(f.Type, options), g.fieldExpr(t, f))
		}
	}
	extends := ""
	if len(parents) > 0 {
		extends = " extends " + strings.Join(parents, ", ")
	}
	return fmt.Sprintf("\nexport interface %s%s {\n%s}\n", name, extends, fields.String())
}

// fieldName is the key of a field in JSON.
func fieldName(f reflect.StructField, tag string) string {
	if tag == "" {
		return f.Name
	}
	return tag
}

// optional is the mark of a field that may be missing.
func optional(t reflect.Type, options string) string {
	for o := range strings.SplitSeq(options, ",") {
		if o == "omitzero" || (o == "omitempty" && t.Kind() != reflect.Struct) {
			return "?"
		}
	}
	return ""
}

// fieldExpr is the type of a field: of a pointer that is always sent, null is a value too; T tells frames apart.
func (g *generator) fieldExpr(t reflect.Type, f reflect.StructField) string {
	if word, ok := frames[t]; ok && f.Name == "T" {
		return "'" + word + "'"
	}
	expr := g.expr(f.Type)
	if blanks[t] == f.Name {
		expr += " | ''"
	}
	if f.Type.Kind() == reflect.Pointer && !strings.Contains(f.Tag.Get("json"), "omit") {
		expr += " | null"
	}
	return expr
}
