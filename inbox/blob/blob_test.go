package blob_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"sportello/channels"
	"sportello/inbox/blob"
)

func read(t *testing.T, s *blob.Store, id channels.BlobID) string {
	t.Helper()
	r, err := s.Open(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// files counts the files below a directory.
func files(t *testing.T, root string) (n int) {
	t.Helper()
	err := filepath.WalkDir(root, func(_ string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestPutTwiceIsOne(t *testing.T) {
	root := filepath.Join(t.TempDir(), "blobs")
	s := blob.Dir(root)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			id, size, err := s.Put(context.Background(), strings.NewReader("ciao"))
			if err != nil || size != 4 || id != "b133a0c0e9bee3be20163d2ad31d6248db292aa6dcb1ee087a2aa50e0fc75ae2" {
				t.Error(id, size, err)
			}
		})
	}
	group.Wait()
	if n := files(t, root); n != 1 {
		t.Fatalf("%d files", n)
	}
	if got := read(t, s, "b133a0c0e9bee3be20163d2ad31d6248db292aa6dcb1ee087a2aa50e0fc75ae2"); got != "ciao" {
		t.Fatal(got)
	}
}

func TestEmptyAndLarge(t *testing.T) {
	s := blob.Dir(t.TempDir())
	for _, size := range []int{0, 256<<10 - 1, 256 << 10, 3 << 20} {
		data := bytes.Repeat([]byte{7}, size)
		id, n, err := s.Put(t.Context(), bytes.NewReader(data))
		if err != nil || n != int64(size) || read(t, s, id) != string(data) {
			t.Fatal(id, n, err)
		}
	}
}

// A strange id names nothing and does not leave the directory.
func TestUnknownIsNotFound(t *testing.T) {
	s := blob.Dir(t.TempDir())
	for _, id := range []string{"", "..", "../../etc/passwd", strings.Repeat("a", 64), strings.Repeat("A", 64), strings.Repeat("/", 64)} {
		if _, err := s.Open(t.Context(), channels.BlobID(id)); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("%q: %v", id, err)
		}
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("broken off") }

// What broke off leaves nothing behind.
func TestFailedPutLeavesNothing(t *testing.T) {
	root := t.TempDir()
	s := blob.Dir(root)
	if _, _, err := s.Put(t.Context(), io.MultiReader(strings.NewReader("half"), broken{})); err == nil {
		t.Fatal("no error")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := s.Put(ctx, strings.NewReader("late")); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if n := files(t, root); n != 0 {
		t.Fatalf("%d files", n)
	}
}

// What an earlier version kept in deeper folders is found, and may be put again.
func TestBlobsOfBefore(t *testing.T) {
	root, id := t.TempDir(), channels.BlobID("b133a0c0e9bee3be20163d2ad31d6248db292aa6dcb1ee087a2aa50e0fc75ae2")
	dir := filepath.Join(root, "b1", "33")
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, string(id)), []byte("ciao"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := blob.Dir(root)
	if got := read(t, s, id); got != "ciao" {
		t.Fatal(got)
	}
	if again, _, err := s.Put(t.Context(), strings.NewReader("ciao")); again != id || err != nil || read(t, s, id) != "ciao" {
		t.Fatal(again, err)
	}
}

// BenchmarkPut measures small blobs, 16 at a time, each brought to disk.
//
//	go test ./inbox/blob -run '^$' -bench Put
func BenchmarkPut(b *testing.B) {
	s := blob.Dir(b.TempDir())
	var count atomic.Int64
	b.SetParallelism(8)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, _, err := s.Put(b.Context(), strings.NewReader(strconv.FormatInt(count.Add(1), 10)+strings.Repeat(" ciao", 200))); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
