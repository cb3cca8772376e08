package inboxtest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"sportello/inbox/db"
)

// SQLite opens a fresh, migrated SQLite record that is removed with the test.
func SQLite(t testing.TB) *db.DB {
	t.Helper()
	return openRecord(t, SQLiteURL(t))
}

// SQLiteURL is the address of a fresh, migrated SQLite record that is removed with the test.
func SQLiteURL(t testing.TB) string {
	t.Helper()
	empty, err := migrated()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := scratch("record")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	path := filepath.Join(dir, "record.db")
	if err := os.WriteFile(path, empty, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + path
}

// migrated is an empty record as bytes.
var migrated = sync.OnceValues(func() ([]byte, error) {
	dir, err := scratch("record")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary directory
	path := filepath.Join(dir, "record.db")
	d, err := db.Open(context.Background(), "sqlite:"+path)
	if err != nil {
		return nil, err
	}
	_, err = d.Migrate(context.Background())
	if err := errors.Join(err, d.Close()); err != nil { // the last Close writes the log into the file
		return nil, err
	}
	return os.ReadFile(path)
})
