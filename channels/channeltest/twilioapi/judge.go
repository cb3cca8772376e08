// Package twilioapi judges requests to Twilio's REST API by Twilio's own OpenAPI document. Tests put a Judge under the adapter's
// client; every request that the document does not allow fails there. It is for tests only and calls nobody.
package twilioapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// document is where the OpenAPI document of API version 2010-04-01 lies, seen from the root of the repository. It is too large to
// be kept within.
const document = "../shared/data/twilio_api_v2010.json"

// Document is the provider's OpenAPI document, ready to judge by.
type Document struct{ paths []path }

// Judge returns a judge that passes right requests on to next.
func (d *Document) Judge(next http.RoundTripper) *Judge { return &Judge{doc: d, next: next} }

// Judge is an http.RoundTripper that validates each request, and passes on those that are right.
type Judge struct {
	doc  *Document
	next http.RoundTripper

	mu     sync.Mutex
	seen   int
	faults []error
}

// Load reads the document. It returns nil, false, nil when the document is not there, so that a fresh checkout tests without it,
// and an error when it is there and cannot be used.
func Load() (*Document, bool, error) {
	root, err := repository()
	if err != nil {
		return nil, false, err
	}
	data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(document)))
	if errors.Is(err, os.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		return nil, false, fmt.Errorf("twilio document: %w", err)
	}
	// Servers are dropped everywhere, because the requests go to a double.
	doc.Servers = nil
	for _, item := range doc.Paths.Map() {
		item.Servers = nil
		for _, operation := range item.Operations() {
			operation.Servers = nil
		}
	}
	openapi3.DefineStringFormatValidator("uri", openapi3.NewCallbackValidator(absoluteURI)) // not checked otherwise
	return &Document{paths: paths(doc)}, true, nil
}

// RoundTrip validates req and carries it on. A request that the document does not allow is not carried.
func (j *Judge) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := j.check(req); err != nil {
		err = fmt.Errorf("twilio document refuses %s %s: %w", req.Method, req.URL.Path, err)
		j.mu.Lock()
		j.faults = append(j.faults, err)
		j.mu.Unlock()
		return nil, err
	}
	j.mu.Lock()
	j.seen++
	j.mu.Unlock()
	return j.next.RoundTrip(req)
}

// Verdict returns how many requests were right and what was wrong with the others.
func (j *Judge) Verdict() (right int, wrong error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.seen, errors.Join(j.faults...)
}

func (j *Judge) check(req *http.Request) error {
	route, params, err := j.doc.route(req)
	if err != nil {
		return err
	}
	body := []byte(nil)
	if req.Body != nil {
		if body, err = io.ReadAll(req.Body); err != nil {
			return err
		}
		_ = req.Body.Close()
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	err = openapi3filter.ValidateRequest(req.Context(), &openapi3filter.RequestValidationInput{
		Request: req, PathParams: params, Route: route,
		Options: &openapi3filter.Options{MultiError: true, AuthenticationFunc: basicAuth},
	})
	if body != nil {
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	if err != nil {
		return err
	}
	return declared(route, req, body)
}

// declared refuses form fields that the document does not name: a misspelt field would be ignored by the provider, in silence.
func declared(route *routers.Route, req *http.Request, body []byte) error {
	if route.Operation.RequestBody == nil || !strings.HasPrefix(req.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return nil
	}
	media := route.Operation.RequestBody.Value.Content.Get("application/x-www-form-urlencoded")
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return err
	}
	for k := range form {
		if media == nil || media.Schema.Value.Properties[k] == nil {
			return fmt.Errorf("no field %q", k)
		}
	}
	return nil
}

func basicAuth(_ context.Context, in *openapi3filter.AuthenticationInput) error {
	if _, _, ok := in.RequestValidationInput.Request.BasicAuth(); !ok {
		return errors.New("no basic authentication")
	}
	return nil
}

func absoluteURI(s string) error {
	u, err := url.Parse(s)
	if err != nil {
		return err
	}
	if u.Scheme == "" || u.Host == "" {
		return errors.New("not an absolute URI")
	}
	return nil
}

// repository walks up from the working directory, which is a test's package, to the folder with go.mod.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod above the working directory")
		}
		dir = parent
	}
}
