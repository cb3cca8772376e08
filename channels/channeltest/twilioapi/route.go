package twilioapi

import (
	"cmp"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
)

// path is one path of the document in a form that can be matched.
type path struct {
	template string
	names    []string // of its parameters, in order
	pattern  *regexp.Regexp
	item     *openapi3.PathItem
	doc      *openapi3.T
}

var parameter = regexp.MustCompile(`\\\{([^}]+)\\\}`)

// paths compiles the templates of a document, those with fewer parameters first: "/Messages.json" before "/{Sid}.json".
func paths(doc *openapi3.T) []path {
	var ps []path
	for template, item := range doc.Paths.Map() {
		p := path{template: template, item: item, doc: doc}
		quoted := regexp.QuoteMeta(template)
		for _, m := range parameter.FindAllStringSubmatch(quoted, -1) {
			p.names = append(p.names, m[1])
		}
		p.pattern = regexp.MustCompile("^" + parameter.ReplaceAllString(quoted, `([^/]+?)`) + "$")
		ps = append(ps, p)
	}
	slices.SortFunc(ps, func(a, b path) int {
		return cmp.Or(cmp.Compare(len(a.names), len(b.names)), strings.Compare(a.template, b.template))
	})
	return ps
}

// route finds the operation that a request asks for.
func (d *Document) route(req *http.Request) (*routers.Route, map[string]string, error) {
	for _, p := range d.paths {
		values := p.pattern.FindStringSubmatch(req.URL.Path)
		if values == nil {
			continue
		}
		operation := p.item.GetOperation(req.Method)
		if operation == nil {
			continue
		}
		params := make(map[string]string, len(p.names))
		for i, name := range p.names {
			params[name] = values[i+1]
		}
		return &routers.Route{Spec: p.doc, Path: p.template, PathItem: p.item, Method: req.Method, Operation: operation}, params, nil
	}
	return nil, nil, errors.New("no such operation")
}
