package staging

import (
	"fmt"
	"sync"
	"time"

	"sportello/channels"
	"sportello/inbox"
)

// book is what the outside knows: what customers have said, what agents have written, and what went wrong before their eyes. Every text
// is said once in a run, so that a text found twice is a message doubled.
type book struct {
	mu        sync.Mutex
	said      map[string]*said  // by text
	replies   map[string]*reply // by text
	seen      map[place]bool    // what was on a screen once
	wrong     []string          // broken promises, as they were seen
	back      []time.Duration   // how long visitors were without a chat
	confirmed int               // of what was said
	closed    int               // how often a conversation was ended
}

// said is what a customer has said.
type said struct {
	kind  channels.Kind
	who   string
	n     int  // his n-th
	taken bool // the gateway has confirmed it
}

// reply is what an agent has written.
type reply struct {
	conversation inbox.ConversationID
	taken        bool // the gateway has confirmed it
}

// place is where a message stands.
type place struct {
	conversation inbox.ConversationID
	seq          int64
}

func newBook() *book {
	return &book{said: map[string]*said{}, replies: map[string]*reply{}, seen: map[place]bool{}}
}

// saw notes that a message was on a screen.
func (b *book) saw(c inbox.ConversationID, seq int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen[place{c, seq}] = true
}

// say notes that a customer says something.
func (b *book) say(kind channels.Kind, who string, n int) (text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	text = fmt.Sprintf("%s says %d.", who, n)
	b.said[text] = &said{kind: kind, who: who, n: n}
	return text
}

// taken notes that the gateway has confirmed what a customer said.
func (b *book) taken(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.said[text].taken = true
	b.confirmed++
}

// probed notes what became of a text that was announced only once.
func (b *book) probed(text string, taken bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if taken {
		b.said[text].taken = true
	} else {
		delete(b.said, text)
	}
}

// answer notes that an agent is going to answer; false when one has done so before.
func (b *book) answer(text string, c inbox.ConversationID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.replies[text] != nil {
		return false
	}
	b.replies[text] = &reply{conversation: c}
	return true
}

// answered notes what became of an answer; one that the gateway refused was never given.
func (b *book) answered(text string, taken bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if taken {
		b.replies[text].taken = true
	} else {
		delete(b.replies, text)
	}
}

// ended notes that an agent has ended a conversation.
func (b *book) ended() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed++
}

// fault notes a broken promise.
func (b *book) fault(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wrong = append(b.wrong, fmt.Sprintf(format, args...))
}

// resumed notes that a visitor has his chat again.
func (b *book) resumed(after time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.back = append(b.back, after)
}

// copyReplies is what agents have written so far.
func (b *book) copyReplies() map[string]reply {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make(map[string]reply, len(b.replies))
	for text, r := range b.replies {
		all[text] = *r
	}
	return all
}
