package db

import (
	"strconv"
	"strings"
	"time"
)

// A set is rows of values that are handed to one statement: one round trip for many rows. The statement reads them from a common table
// expression, which With writes for either database.

// Column is one column of a set.
type Column struct {
	name, typ string
	array     any // a slice with one element for each row
	at        func(row int) any
	rows      int
}

// Texts is a column of texts, one of each row.
func Texts[T any, S ~string](name string, rows []T, of func(T) S) Column {
	all := make([]string, len(rows))
	for i, r := range rows {
		all[i] = string(of(r))
	}
	return Column{name: name, typ: "text", array: all, at: func(i int) any { return all[i] }, rows: len(rows)}
}

// Ints is a column of numbers, one of each row.
func Ints[T any, N ~int | ~int64](name string, rows []T, of func(T) N) Column {
	all := make([]int64, len(rows))
	for i, r := range rows {
		all[i] = int64(of(r))
	}
	return Column{name: name, typ: "bigint", array: all, at: func(i int) any { return all[i] }, rows: len(rows)}
}

// Times is a column of times, one of each row, as the record stores them; the zero time is NULL.
func Times[T any](name string, rows []T, of func(T) time.Time) Column {
	all := make([]*int64, len(rows))
	for i, r := range rows {
		if t := of(r); !t.IsZero() {
			ms := t.UnixMilli()
			all[i] = &ms
		}
	}
	return Column{name: name, typ: "bigint", array: all, rows: len(rows), at: func(i int) any {
		if all[i] == nil {
			return nil
		}
		return *all[i]
	}}
}

// With is "name(columns) AS (…)", to stand after WITH, and its arguments; they must be the first of the statement. There must be a
// row. PostgreSQL is given one array for each column, so that the statement's text, and with it its plan, is the same for any number
// of rows; SQLite, which plans for itself within the process, one argument for each value.
func (d *DB) With(name string, columns ...Column) (string, []any) {
	var b strings.Builder
	b.WriteString(name + "(")
	for i, c := range columns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(c.name)
	}
	if d.Dialect == SQLite {
		return values(&b, columns)
	}
	args := make([]any, len(columns))
	b.WriteString(") AS (SELECT * FROM unnest(")
	for i, c := range columns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("$" + strconv.Itoa(i+1) + "::" + c.typ + "[]")
		args[i] = c.array
	}
	b.WriteString("))")
	return b.String(), args
}

func values(b *strings.Builder, columns []Column) (string, []any) {
	rows := columns[0].rows
	args := make([]any, 0, rows*len(columns))
	b.WriteString(") AS (VALUES ")
	for row := range rows {
		if row > 0 {
			b.WriteString(", ")
		}
		b.WriteByte('(')
		for i, c := range columns {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteByte('?')
			args = append(args, c.at(row))
		}
		b.WriteByte(')')
	}
	b.WriteByte(')')
	return b.String(), args
}

// ForUpdate stands at the end of a SELECT whose rows of table are to stay as they are read until the transaction ends. SQLite has one
// writer at a time, so there it is empty.
func (d *DB) ForUpdate(table string) string {
	if d.Dialect == SQLite {
		return ""
	}
	return " FOR NO KEY UPDATE OF " + table
}

// LockSet is Lock for several keys, in their order, to be run with other statements.
func (d *DB) LockSet(keys []string) Statement {
	if d.Dialect == SQLite || len(keys) == 0 {
		return Statement{}
	}
	return Ask(func(Row) error { return nil }, `SELECT pg_advisory_xact_lock(hashtextextended(k, 0)) FROM unnest($1::text[]) AS k`, keys)
}
