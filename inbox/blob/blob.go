// Package blob keeps attachment and raw-message bytes in a directory, named by their content.
//
// A file is written once and never changed: it is complete and on disk before it gets its name, so a reader never sees half of it
// and a crash leaves at most a temporary file. Nothing here deletes what has a name. It is built by cmd/gateway and handed to the
// adapters as a channels.Vault.
package blob

import (
	"bytes"
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
	"sync"

	"sportello/channels"
)

// ErrNotFound is returned by Open for an id that is not stored, or is no id at all.
var ErrNotFound = errors.New("blob: not found")

// Store is a channels.Vault on a directory. It is safe for concurrent use, also by several programs.
type Store struct {
	root    string
	folders sync.Map // string → struct{}: those that are known to be on disk under their names
}

var _ channels.Vault = (*Store)(nil)

// Dir makes a store in a directory, which is made when the first blob is put.
func Dir(root string) *Store { return &Store{root: root} }

// small is what is held in memory, so that its name is known before it is written: then it is written beside where it stays, and writers
// do not wait for each other at one folder.
const small = 256 << 10

// Put stores what r holds, to its end, in constant memory. It returns after the bytes are on disk under their name.
func (s *Store) Put(ctx context.Context, r io.Reader) (channels.BlobID, int64, error) {
	var head bytes.Buffer
	_, err := io.CopyN(&head, contextReader{ctx, r}, small)
	var id channels.BlobID
	var size int64
	switch {
	case errors.Is(err, io.EOF):
		id, size, err = s.putSmall(ctx, head.Bytes())
	case err == nil:
		id, size, err = s.putLarge(ctx, io.MultiReader(&head, r))
	}
	if err != nil {
		return "", 0, fmt.Errorf("put blob: %w", err)
	}
	return id, size, nil
}

func (s *Store) putSmall(ctx context.Context, data []byte) (channels.BlobID, int64, error) {
	sum := sha256.Sum256(data)
	id := channels.BlobID(hex.EncodeToString(sum[:]))
	dir := filepath.Dir(s.path(id))
	if s.has(id) {
		return id, int64(len(data)), syncDir(dir) // whoever wrote it may not have come to that yet
	}
	if err := s.folder(dir); err != nil {
		return "", 0, err
	}
	temp := filepath.Join(dir, "tmp-"+rand.Text())
	_, size, err := write(ctx, temp, bytes.NewReader(data))
	if err == nil {
		err = s.name(temp, id)
	}
	if err != nil {
		s.folders.Delete(dir) // somebody may have removed it
		return "", 0, errors.Join(err, remove(temp))
	}
	return id, size, nil
}

func (s *Store) putLarge(ctx context.Context, r io.Reader) (channels.BlobID, int64, error) {
	if err := os.MkdirAll(s.root, 0o750); err != nil {
		return "", 0, err
	}
	temp := filepath.Join(s.root, "tmp-"+rand.Text())
	id, size, err := write(ctx, temp, r)
	if err != nil {
		return "", 0, errors.Join(err, remove(temp))
	}
	dir := filepath.Dir(s.path(id))
	if err = s.folder(dir); err == nil {
		err = s.name(temp, id)
	}
	if err != nil {
		s.folders.Delete(dir)
		return "", 0, errors.Join(err, remove(temp))
	}
	return id, size, nil
}

// folder makes a folder of the store, unless this store has done so before. One that is there may have been made by another program a
// moment ago, so that its name is brought to disk all the same.
func (s *Store) folder(dir string) error {
	if _, known := s.folders.Load(dir); known {
		return nil
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	if err := syncDir(s.root); err != nil {
		return err
	}
	s.folders.Store(dir, struct{}{})
	return nil
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

// name gives a finished file its name. What has that name already is the same.
func (s *Store) name(temp string, id channels.BlobID) error {
	path := s.path(id)
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func (s *Store) has(id channels.BlobID) bool {
	_, err := os.Stat(s.path(id))
	return err == nil
}

// Open returns the bytes of id; the caller closes them.
func (s *Store) Open(_ context.Context, id channels.BlobID) (io.ReadCloser, error) {
	if !valid(id) {
		return nil, ErrNotFound
	}
	f, err := os.Open(s.path(id))
	if errors.Is(err, fs.ErrNotExist) {
		f, err = os.Open(s.deeper(id))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("open blob: %w", err)
	}
	return f, nil
}

// path is where a blob is: in one of 256 folders.
func (s *Store) path(id channels.BlobID) string {
	return filepath.Join(s.root, string(id[:2]), string(id))
}

// deeper is where blobs of before are, in one of 65,536 folders.
func (s *Store) deeper(id channels.BlobID) string {
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
