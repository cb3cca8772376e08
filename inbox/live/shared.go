package live

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// What all gateways must count together. It has no epoch, is not rebuilt, and ends by Redis' own clock. Names are hashed: no address or
// token of anybody's stands in Redis.

// Counter is a number of tries that all gateways share.
type Counter struct {
	Name string
	Most int
}

// Try counts a try in each counter, unless one is full: then it counts in none and says how long to wait. A counter starts anew within
// the given time of its first try.
func (in *Inbox) Try(ctx context.Context, within time.Duration, counters ...Counter) (wait time.Duration, err error) {
	keys, args := make([]string, len(counters)), []any{within.Milliseconds()}
	for i, c := range counters {
		keys[i] = in.hashed("try:", c.Name)
		args = append(args, c.Most)
	}
	out, err := in.call(ctx, luaTry, keys, args...)
	if err != nil {
		return 0, err
	}
	return time.Duration(number(text(out[0]))) * time.Millisecond, nil
}

// Untry takes one try back out of each of these counters.
func (in *Inbox) Untry(ctx context.Context, names ...string) error {
	keys := make([]string, len(names))
	for i, name := range names {
		keys[i] = in.hashed("try:", name)
	}
	_, err := in.call(ctx, luaUntry, keys)
	return err
}

// ForgetTries empties a counter.
func (in *Inbox) ForgetTries(ctx context.Context, name string) error {
	if err := in.rdb.Del(ctx, in.hashed("try:", name)).Err(); err != nil {
		return fmt.Errorf("live tries: %w", err)
	}
	return nil
}

// First returns who came first with a name: who himself if nobody did before, and he is remembered for so long then.
func (in *Inbox) First(ctx context.Context, name, who string, life time.Duration) (first string, err error) {
	out, err := in.call(ctx, luaFirst, []string{in.hashed("first:", name)}, who, max(life, time.Millisecond).Milliseconds())
	if err != nil {
		return "", err
	}
	return text(out[0]), nil
}

func (in *Inbox) hashed(kind, name string) string {
	sum := sha256.Sum256([]byte(name))
	return in.key(kind + hex.EncodeToString(sum[:16]))
}
