package inboxtest_test

import (
	"context"
	"database/sql"
	"net"
	"testing"

	"sportello/inbox/db"
	"sportello/inbox/inboxtest"
)

func TestMain(m *testing.M) { inboxtest.Main(m) }

// Each test has a record of its own, migrated and empty.
func TestDatabasesAreFreshAndMigrated(t *testing.T) {
	for range 2 {
		inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
			var n int
			err := d.Tx(t.Context(), func(tx *sql.Tx) error {
				if err := tx.QueryRow(`SELECT count(*) FROM bookmark`).Scan(&n); err != nil {
					return err
				}
				_, err := tx.Exec(`INSERT INTO bookmark (account_id, name, value, updated_at) VALUES ('a', 'b', 'c', 1)`)
				return err
			})
			if err != nil || n != 0 {
				t.Fatalf("%d rows, %v", n, err)
			}
			if steps, err := d.Migrate(t.Context()); err != nil || steps != 0 {
				t.Fatalf("migrating again: %d steps, %v", steps, err)
			}
		})
	}
}

func TestRedisesAnswer(t *testing.T) {
	inboxtest.Redises(t, func(t *testing.T, addr string) {
		conn, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
