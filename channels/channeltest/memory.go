package channeltest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strconv"
	"sync"

	"sportello/channels"
)

// RecordingSink is a channels.Sink in memory. It takes each (Account, External) once, as the ledger does, and can be made to fail
// or to hold Accept back. The zero value is ready; all methods may be called from any goroutine.
type RecordingSink struct {
	mu       sync.Mutex
	taken    []channels.Inbound
	seen     map[string]int // account/external -> position in taken, from 1
	receipts []channels.Receipt
	calls    int
	failure  error
	gate     chan struct{} // closed when Accept may go on; nil when it is not held
	changed  chan struct{} // closed and renewed at every change
}

// Accept takes in once. The second time it reports Duplicate with the first answer's ids. While Hold is in force it waits, and
// while Fail is set it returns that error and takes nothing.
func (s *RecordingSink) Accept(ctx context.Context, in channels.Inbound) (channels.Accepted, error) {
	if err := s.pass(ctx); err != nil {
		return channels.Accepted{}, err
	}
	if in.Account == "" || in.External == "" {
		return channels.Accepted{}, fmt.Errorf("inbound without account or external id: %q %q", in.Account, in.External)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure != nil {
		return channels.Accepted{}, s.failure
	}
	key := string(in.Account) + "/" + in.External
	n, known := s.seen[key]
	if !known {
		s.taken = append(s.taken, in)
		n = len(s.taken)
		if s.seen == nil {
			s.seen = make(map[string]int)
		}
		s.seen[key] = n
	}
	s.tell()
	id := strconv.Itoa(n)
	return channels.Accepted{Conversation: "conversation-" + id, Message: "message-" + id, Seq: 1, Duplicate: known}, nil
}

// Settle keeps the receipt. It is held and fails as Accept does.
func (s *RecordingSink) Settle(ctx context.Context, r channels.Receipt) error {
	if err := s.pass(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure != nil {
		return s.failure
	}
	s.receipts = append(s.receipts, r)
	s.tell()
	return nil
}

// pass counts the call and waits while the sink is held.
func (s *RecordingSink) pass(ctx context.Context) error {
	s.mu.Lock()
	s.calls++
	gate := s.gate
	s.tell()
	s.mu.Unlock()
	if gate == nil {
		return ctx.Err()
	}
	select {
	case <-gate:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Fail makes every call return err from now on; nil heals.
func (s *RecordingSink) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failure = err
}

// Hold makes every later call wait until the returned function is called. A second Hold before that replaces the first.
func (s *RecordingSink) Hold() (release func()) {
	gate := make(chan struct{})
	s.mu.Lock()
	s.gate = gate
	s.mu.Unlock()
	return sync.OnceFunc(func() {
		s.mu.Lock()
		if s.gate == gate {
			s.gate = nil
		}
		s.mu.Unlock()
		close(gate)
	})
}

// Inbounds returns what was taken, oldest first, each message once.
func (s *RecordingSink) Inbounds() []channels.Inbound {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.taken)
}

// Receipts returns what was settled, oldest first, repetitions included.
func (s *RecordingSink) Receipts() []channels.Receipt {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.receipts)
}

// Calls counts the calls of Accept and Settle, failed, held and repeated ones included.
func (s *RecordingSink) Calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// Wait returns when n distinct messages have been taken, or with an error that says how many there were when ctx ended.
func (s *RecordingSink) Wait(ctx context.Context, n int) error {
	return s.until(ctx, fmt.Sprintf("%d messages", n), func() bool { return len(s.taken) >= n })
}

// WaitReceipts returns when n receipts have been settled.
func (s *RecordingSink) WaitReceipts(ctx context.Context, n int) error {
	return s.until(ctx, fmt.Sprintf("%d receipts", n), func() bool { return len(s.receipts) >= n })
}

// WaitCalls returns when Accept and Settle have been called n times together.
func (s *RecordingSink) WaitCalls(ctx context.Context, n int) error {
	return s.until(ctx, fmt.Sprintf("%d calls", n), func() bool { return s.calls >= n })
}

func (s *RecordingSink) until(ctx context.Context, what string, done func() bool) error {
	for {
		s.mu.Lock()
		if done() {
			s.mu.Unlock()
			return nil
		}
		if s.changed == nil {
			s.changed = make(chan struct{})
		}
		changed, messages, receipts, calls := s.changed, len(s.taken), len(s.receipts), s.calls
		s.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waited for %s, have %d messages, %d receipts, %d calls: %w", what, messages, receipts, calls, ctx.Err())
		}
	}
}

// tell wakes those who wait. The lock is held.
func (s *RecordingSink) tell() {
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

// MemoryVault is a channels.Vault in memory. The zero value is ready.
type MemoryVault struct {
	mu      sync.Mutex
	blobs   map[channels.BlobID][]byte
	failure error
}

// Put keeps the bytes under their SHA-256.
func (v *MemoryVault) Put(ctx context.Context, r io.Reader) (channels.BlobID, int64, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return "", 0, err
	}
	if err := ctx.Err(); err != nil {
		return "", 0, err
	}
	sum := sha256.Sum256(data)
	id := channels.BlobID(hex.EncodeToString(sum[:]))
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.failure != nil {
		return "", 0, v.failure
	}
	if v.blobs == nil {
		v.blobs = make(map[channels.BlobID][]byte)
	}
	v.blobs[id] = data
	return id, int64(len(data)), nil
}

// Open returns the bytes of id.
func (v *MemoryVault) Open(_ context.Context, id channels.BlobID) (io.ReadCloser, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	data, ok := v.blobs[id]
	if !ok {
		return nil, fmt.Errorf("blob %s is not in the vault", id)
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

// Fail makes every Put return err from now on; nil heals.
func (v *MemoryVault) Fail(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.failure = err
}

// Len counts the distinct blobs.
func (v *MemoryVault) Len() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.blobs)
}

// MemoryBookmarks is a channels.Bookmarks in memory. The zero value is ready.
type MemoryBookmarks struct {
	mu      sync.Mutex
	values  map[string]string
	failure error
}

// Load returns what was saved last, or "".
func (b *MemoryBookmarks) Load(_ context.Context, account channels.AccountID, name string) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.values[string(account)+"\x00"+name], b.failure
}

// Save keeps value.
func (b *MemoryBookmarks) Save(_ context.Context, account channels.AccountID, name, value string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failure != nil {
		return b.failure
	}
	if b.values == nil {
		b.values = make(map[string]string)
	}
	b.values[string(account)+"\x00"+name] = value
	return nil
}

// Fail makes Load and Save return err from now on; nil heals.
func (b *MemoryBookmarks) Fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failure = err
}
