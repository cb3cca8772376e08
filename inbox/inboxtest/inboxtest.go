// Package inboxtest starts the servers that tests of the record and of the live inbox run on: a real PostgreSQL and a real Redis,
// each once per test binary, on loopback only, dying with the test. It may be imported by tests only.
package inboxtest

import (
	"testing"

	"sportello/inbox/db"
)

// Main runs the tests of a package and stops the servers they started: func TestMain(m *testing.M) { inboxtest.Main(m) }.
func Main(m *testing.M) { panic("not there yet") }

// Databases runs a test on a fresh, migrated SQLite file and on a fresh, migrated PostgreSQL database.
func Databases(t *testing.T, test func(t *testing.T, d *db.DB)) { t.Fatal("not there yet") }

// SQLite opens a fresh, migrated SQLite record that is closed with the test.
func SQLite(t testing.TB) *db.DB { t.Fatal("not there yet"); return nil }

// Postgres opens a fresh, migrated PostgreSQL record that is closed with the test.
func Postgres(t testing.TB) *db.DB { t.Fatal("not there yet"); return nil }

// Redis is the address (host:port) of a real Redis, emptied for this test.
func Redis(t testing.TB) string { t.Fatal("not there yet"); return "" }

// Redises runs a test on miniredis and on a real Redis.
func Redises(t *testing.T, test func(t *testing.T, addr string)) { t.Fatal("not there yet") }
