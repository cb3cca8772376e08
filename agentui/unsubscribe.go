package agentui

import (
	"errors"
	"html/template"
	"net/http"
	"strings"

	"sportello/inbox/customer"
)

// unsubscribe ends a campaign for whoever holds its mail (RFC 8058): a POST takes effect at once and is answered 200 without a redirect,
// with no cookie and no question; a GET, which programs make that look at every link of a mail, shows a page with a button and changes
// nothing.
func (s *Server) unsubscribe(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Robots-Tag", "noindex")
	page := leaveWords(r.Header.Get("Accept-Language"))
	token := r.PathValue("token")
	r.Body = http.MaxBytesReader(w, r.Body, mostLeave)
	_, id, _ := s.readLeave(token)
	if l, ok := s.list(id); ok {
		page.List = l.Name
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		if _, _, ok := s.readLeave(token); !ok {
			page.Is, page.Button, page.List = page.Unknown, "", ""
			w.WriteHeader(http.StatusNotFound)
		}
	case http.MethodPost:
		page.Is, page.Button = page.Done, ""
		if page.List != "" && !wantsAll(r) {
			page.Is = page.DoneList
		}
		if err := s.leave(r, token); errors.Is(err, customer.ErrNotFound) {
			page.Is, page.List = page.Unknown, ""
			w.WriteHeader(http.StatusNotFound)
		} else if err != nil {
			s.Log.Error("unsubscribing failed", "err", err)
			page.Is = page.Failed
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	default:
		h.Set("Allow", "GET, HEAD, POST")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	if err := leavePage.Execute(w, page); err != nil {
		s.Log.Debug("page not sent to its end", "err", err)
	}
}

func (s *Server) readLeave(token string) (customer.ID, string, bool) {
	if s.Unsubscriber == nil {
		return "", "", false
	}
	return s.Unsubscriber.Read(token)
}

func (s *Server) leave(r *http.Request, token string) error {
	if s.Unsubscriber == nil {
		return customer.ErrNotFound
	}
	return s.Unsubscriber.Leave(r.Context(), token, wantsAll(r), s.Now())
}

// mostLeave bounds what is sent to leave a list, in bytes.
const mostLeave = 64 << 10

// wantsAll reports whether somebody pressed the button that ends all commercial mail.
func wantsAll(r *http.Request) bool { return r.PostFormValue("all") != "" }

// leaveText is the page in one language.
type leaveText struct {
	Lang, Title, Is, Button, All, Done, DoneList, Unknown, Failed string
	List                                                          string // name of the list, if the house has it
}

// leaveWords are Italian for whoever asks for it first, else English.
func leaveWords(accept string) leaveText {
	if strings.HasPrefix(strings.ToLower(strings.TrimSpace(accept)), "it") {
		return leaveText{Lang: "it", Title: "Comunicazioni via email", Is: "Non vuoi più ricevere le nostre comunicazioni via email?", Button: "Sì, non scrivetemi più",
			All: "Non voglio più nessuna comunicazione commerciale", Done: "Fatto: non riceverai più comunicazioni commerciali via email. Alle tue richieste rispondiamo come sempre.",
			DoneList: "Fatto: non la riceverai più. Alle tue richieste rispondiamo come sempre.",
			Unknown:  "Questo collegamento non è valido o non è completo.", Failed: "Ora non è possibile. Riprova tra poco."}
	}
	return leaveText{Lang: "en", Title: "Our mail to you", Is: "Do you no longer want to receive this mail from us?", Button: "Yes, stop writing to me",
		All: "I want no commercial mail at all", Done: "Done: you will get no more commercial mail. We answer your questions as always.",
		DoneList: "Done: you will not get it any more. We answer your questions as always.",
		Unknown:  "This link is not valid or not complete.", Failed: "This is not possible now. Try again in a moment."}
}

var leavePage = template.Must(template.New("leave").Parse(`<!DOCTYPE html>
<html lang="{{.Lang}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{{.Title}}</title>
<style>body{max-width:36rem;margin:15vh auto;padding:0 1rem;font:1.1rem/1.5 system-ui,sans-serif}button{min-height:44px;padding:.6rem 1.2rem;font:inherit}</style>
</head><body><main><h1>{{.Title}}</h1>{{if .List}}<p><strong>{{.List}}</strong></p>{{end}}<p>{{.Is}}</p>{{if .Button}}<form method="post"><button type="submit">{{.Button}}</button>{{if .List}} <button type="submit" name="all" value="1">{{.All}}</button>{{end}}</form>{{end}}</main></body></html>
`))
