package journal

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strconv"
)

// The events of a stream are a chain: each carries a hash over itself and over the hash of the event before it. So an event that was
// altered, removed or put in by hand shows, and shows where. Streams have chains of their own: who writes to different streams does
// not wait for each other, and who writes to the same one waits for its row anyway.

// Digest gathers fields to make one SHA-256 of them. Each field counts with its length, so that no two lists of fields are the same. The
// zero value is ready. It is a value: adding a field leaves the digest it was added to useless.
type Digest struct{ fields []byte }

// Text adds a field.
func (d Digest) Text(s string) Digest {
	d.fields = binary.BigEndian.AppendUint64(d.fields, uint64(len(s)))
	d.fields = append(d.fields, s...)
	return d
}

// Int adds a number.
func (d Digest) Int(n int64) Digest { return d.Text(strconv.FormatInt(n, 10)) }

// String is the digest as 43 characters (RFC 4648 section 5, without padding).
func (d Digest) String() string {
	sum := sha256.Sum256(d.fields)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// NewDigest is a digest with room for fields of about size bytes in all.
func NewDigest(size int) Digest { return Digest{make([]byte, 0, size)} }

// Chain is the hash of an event: over before, the hash of the event before it in its stream, which is "" for the first one, and over
// every field that is stored of it.
func (e Event) Chain(before string) string {
	return NewDigest(512 + len(e.Data)).Text(before).Text(string(e.Stream)).Int(e.Seq).Text(e.ID).Text(e.Customer).Text(string(e.Type)).
		Text(string(e.Actor)).Int(e.At.UnixMilli()).Text(string(e.Data)).Text(e.Content).String()
}

// link is an event with its hash.
type link struct {
	Event
	hash string
}

// Head is how far a stream is: its last event.
type Head struct {
	Seq  int64
	Hash string
}

// Heads are the heads of streams.
type Heads map[Stream]Head

// Set says how far a stream is, unless its hash is not known.
func (h Heads) Set(s Stream, seq int64, hash string) {
	if hash != "" {
		h[s] = Head{seq, hash}
	}
}

// chain gives events that are about to be written their hashes, going on from the heads; of several events of one stream, the later ones go
// on from the earlier. An event whose predecessor is missing begins anew: the audit names what is missing, and the stream stays usable.
// It is complete when nothing was missing. made is where the streams of the events end now.
func chain(events []Event, heads Heads) (links []link, made Heads, complete bool) {
	links, made, complete = make([]link, len(events)), make(Heads, len(events)), true
	for i, e := range events {
		before, ok := made[e.Stream]
		if !ok {
			before, ok = heads[e.Stream]
		}
		if before.Seq != e.Seq-1 {
			before.Hash, ok = "", false
		}
		complete = complete && (ok || e.Seq == 1)
		links[i] = link{e, e.Chain(before.Hash)}
		made[e.Stream] = Head{e.Seq, links[i].hash}
	}
	return links, made, complete
}
