package channeltest

import (
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// list answers GET Messages.json: newest first, filtered by To, From and the three forms of DateSent, in pages.
func (t *Twilio) list(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("account") != t.cfg.AccountSID {
		refuse(w, http.StatusNotFound, 20404, "The requested resource "+r.URL.Path+" was not found")
		return
	}
	q := r.URL.Query()
	size, err := strconv.Atoi(q.Get("PageSize"))
	if err != nil || size < 1 || size > 1000 {
		size = 50
	}
	page, err := strconv.Atoi(q.Get("Page"))
	if err != nil || page < 0 {
		page = 0
	}
	all := t.Messages()
	rows := make([]any, 0, size)
	matched := 0
	for i := len(all) - 1; i >= 0; i-- {
		if !listed(all[i], q) {
			continue
		}
		if matched >= page*size && matched < (page+1)*size {
			rows = append(rows, t.resource(all[i]))
		}
		matched++
	}
	at := func(n int) string {
		q.Set("PageSize", strconv.Itoa(size))
		q.Set("Page", strconv.Itoa(n))
		return r.URL.Path + "?" + q.Encode()
	}
	var next, previous any
	if matched > (page+1)*size {
		next = at(page + 1)
	}
	if page > 0 {
		previous = at(page - 1)
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"messages": rows, "page": page, "page_size": size, "start": page * size, "end": page*size + max(0, len(rows)-1),
		"uri": at(page), "first_page_uri": at(0), "next_page_uri": next, "previous_page_uri": previous,
	})
}

func listed(m TwilioMessage, q url.Values) bool {
	if to := q.Get("To"); to != "" && m.To != to {
		return false
	}
	if from := q.Get("From"); from != "" && m.From != from {
		return false
	}
	if at, whole, ok := listTime(q.Get("DateSent")); ok && (m.At.Before(at) || whole && !m.At.Before(at.AddDate(0, 0, 1))) {
		return false
	}
	if at, _, ok := listTime(q.Get("DateSent>")); ok && m.At.Before(at) {
		return false
	}
	if at, whole, ok := listTime(q.Get("DateSent<")); ok {
		if whole {
			at = at.AddDate(0, 0, 1)
		}
		return m.At.Before(at) || !whole && m.At.Equal(at)
	}
	return true
}

// listTime reads a date, which stands for the whole day in GMT, or a time.
func listTime(s string) (at time.Time, whole, ok bool) {
	if at, err := time.Parse(time.DateOnly, s); err == nil {
		return at, true, true
	}
	at, err := time.Parse(time.RFC3339, s)
	return at, false, err == nil
}
