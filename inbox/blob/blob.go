// Package blob keeps attachment and raw-message bytes in a directory, named by their content.
//
// A file is written once and never changed: it is complete and on disk before it gets its name, so a reader never sees half of it
// and a crash leaves at most a temporary file. Nothing here deletes what has a name. It is built by cmd/gateway and handed to the
// adapters as a channels.Vault.
package blob

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"sportello/channels"
)

// ErrNotFound is returned by Open for an id that is not stored, or is no id at all.
var ErrNotFound = errors.New("blob: not found")

// Store is a channels.Vault on a directory. It is safe for concurrent use, also by several programs.
type Store struct{ root string }

var _ channels.Vault = (*Store)(nil)

// Dir makes a store in a directory, which is made when the first blob is put.
func Dir(root string) *Store { return &Store{root: root} }

// Put stores what r holds, to its end, in constant memory. It returns after the bytes are on disk under their name.
func (s *Store) Put(ctx context.Context, r io.Reader) (channels.BlobID, int64, error) {
	if err := os.MkdirAll(s.root, 0o750); err != nil {
		return "", 0, fmt.Errorf("put blob: %w", err)
	}
	temp := filepath.Join(s.root, "tmp-"+rand.Text())
	id, size, err := write(ctx, temp, r)
	if err == nil {
		err = s.name(temp, id)
	}
	if err != nil {
		return "", 0, fmt.Errorf("put blob: %w", errors.Join(err, remove(temp)))
	}
	return id, size, nil
}

func write(ctx context.Context, path string, r io.Reader) (channels.BlobID, int64, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return "", 0, err
	}
	sum := sha256.New()
	size, err := io.Copy(io.MultiWriter(f, sum), contextReader{ctx, r})
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return "", 0, err
	}
	return channels.BlobID(hex.EncodeToString(sum.Sum(nil))), size, nil
}

// name gives a finished file its name. A blob that is there already is kept, and the new copy removed.
func (s *Store) name(temp string, id channels.BlobID) error {
	path := s.path(id)
	if _, err := os.Stat(path); err == nil {
		return remove(temp)
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	for _, d := range []string{dir, filepath.Dir(dir), s.root} {
		if err := syncDir(d); err != nil {
			return err
		}
	}
	return nil
}

// Open returns the bytes of id; the caller closes them.
func (s *Store) Open(_ context.Context, id channels.BlobID) (io.ReadCloser, error) {
	if !valid(id) {
		return nil, ErrNotFound
	}
	f, err := os.Open(s.path(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("open blob: %w", err)
	}
	return f, nil
}

func (s *Store) path(id channels.BlobID) string {
	return filepath.Join(s.root, string(id[:2]), string(id[2:4]), string(id))
}

// valid keeps ids that strangers ask for inside the directory.
func valid(id channels.BlobID) bool {
	if len(id) != 2*sha256.Size {
		return false
	}
	for _, c := range []byte(id) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// contextReader stops a long copy when its context ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
