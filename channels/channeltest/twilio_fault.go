package channeltest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"
)

// Answer is a scripted answer of the REST API.
type Answer struct {
	Status     int           // HTTP status; 0 with Take: the message is taken as usual
	Code       int           // provider's error code, in its JSON; 0 with a Status: Body is answered instead
	Message    string        // the words to Code
	Body       string        // an answer that is not the provider's JSON, such as a proxy's page
	RetryAfter time.Duration // sent as Retry-After in seconds when positive

	Take  bool // the message is taken and its callbacks are queued, whatever is answered
	Hang  bool // no answer: the request is held until the caller gives up
	Break bool // no answer: the connection is closed
}

// Next makes the next n calls of the REST API answer a.
func (t *Twilio) Next(n int, a Answer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for range n {
		t.answers = append(t.answers, a)
	}
}

// misbehave answers as scripted.
func (t *Twilio) misbehave(w http.ResponseWriter, r *http.Request, a Answer) {
	if a.Take {
		taken := httptest.NewRecorder()
		t.serve(taken, r)
		if a.Status == 0 && !a.Hang && !a.Break {
			for k, v := range taken.Header() {
				w.Header()[k] = v
			}
			w.WriteHeader(taken.Code)
			_, _ = w.Write(taken.Body.Bytes())
			return
		}
	}
	switch {
	case a.Hang:
		_, _ = io.Copy(io.Discard, r.Body) // the server notices a caller that left only when the body has been read
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case a.Break:
		panic(http.ErrAbortHandler) // net/http closes the connection and logs nothing
	}
	if a.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(a.RetryAfter/time.Second)))
	}
	if a.Code != 0 {
		refuse(w, a.Status, a.Code, a.Message)
		return
	}
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(a.Status)
	_, _ = io.WriteString(w, a.Body)
}

// CallbackPlan says how status callbacks go wrong.
type CallbackPlan struct {
	None      bool // none is sent
	Duplicate bool // each is sent twice
	Reverse   bool // those of one message are sent last first
}

// Callbacks sets the plan for messages that are taken from now on.
func (t *Twilio) Callbacks(p CallbackPlan) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.plan = p
}

// Outcome is how a message ends. The zero value is "delivered".
type Outcome struct {
	Status string // "delivered", "undelivered", "failed", or any word
	Code   int    // ErrorCode of the callback
}

// Outcome sets how messages to a number end, from now on.
func (t *Twilio) Outcome(to string, o Outcome) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.outcomes[to] = o
}
