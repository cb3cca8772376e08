package db

import (
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
)

// However a transaction ends, it is not remembered, and the next one finds the record free.
func TestTransactionsAreForgotten(t *testing.T) {
	d, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "record.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	told := 0
	run := func(end func() error) (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = errors.New("it panicked")
			}
		}()
		return d.Tx(t.Context(), func(tx *sql.Tx) error {
			d.AfterCommit(tx, func() { told++ })
			if d.underway(tx) == nil {
				t.Error("a transaction under way is not known")
			}
			return end()
		})
	}
	for name, end := range map[string]func() error{
		"panic": func() error { panic("a bug") }, "error": func() error { return errors.New("no") },
	} {
		if err := run(end); err == nil || told > 0 {
			t.Errorf("%s: %v, told %d times", name, err, told)
		}
		if len(d.open) > 0 {
			t.Errorf("%s: %d transactions are remembered", name, len(d.open))
		}
	}
	if err := run(func() error { return nil }); err != nil || told != 1 || len(d.open) > 0 {
		t.Error(err, told, len(d.open))
	}
}
