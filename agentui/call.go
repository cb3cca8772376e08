package agentui

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"sportello/agentui/session"
	"sportello/router/roster"
)

// maxBody bounds the JSON of a command, in bytes.
const maxBody = 256 << 10

// call is one request of the API on its way through an endpoint.
type call struct {
	w       http.ResponseWriter
	r       *http.Request
	ctx     context.Context
	me      roster.Agent    // zero for open endpoints
	session session.Session // zero for open endpoints
}

// endpoint answers a call with what is to be encoded as JSON: nil is 204, streamed says that it has written the answer itself.
type endpoint func(c *call) (any, error)

// streamed is the answer of an endpoint that has answered.
type streamed struct{}

// status is an answer with another status than 200.
type status struct {
	code int
	body any
}

// decode reads the JSON body into v. A body that is too large, not JSON, or followed by something is the client's fault.
func (c *call) decode(v any) error {
	if kind := c.r.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") {
		return refuse(http.StatusUnsupportedMediaType, "not_json")
	}
	d := json.NewDecoder(http.MaxBytesReader(c.w, c.r.Body, maxBody))
	if err := d.Decode(v); err != nil {
		return badBody(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return badBody(errors.New("more than one value"))
	}
	return nil
}

func badBody(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return refuse(http.StatusRequestEntityTooLarge, "too_large")
	}
	return &refusal{status: http.StatusBadRequest, code: "bad_request", detail: err.Error()}
}

// clientID checks the id that the client gave its command.
func clientID(id string) error {
	if _, err := uuid.Parse(id); err != nil || len(id) != 36 {
		return invalid("client_id", "format")
	}
	return nil
}

// text checks what a person wrote: not empty unless that is allowed, and at most so many bytes.
func text(field, s string, required bool, most int) error {
	switch {
	case required && strings.TrimSpace(s) == "":
		return invalid(field, "required")
	case len(s) > most:
		return invalid(field, "too_long")
	case strings.ContainsRune(s, 0):
		return invalid(field, "format")
	}
	return nil
}

// write sends an answer as JSON. Lists that are nil in Go are [] in JSON: the console's types know no null list.
func write(w http.ResponseWriter, code int, kind string, v any) error {
	data, err := json.Marshal(complete(v))
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write(data) // the client has gone if this fails
	return nil
}
