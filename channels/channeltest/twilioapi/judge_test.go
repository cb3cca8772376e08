package twilioapi

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// The judge lets a right request through and stops each kind of wrong one; a judge that stops nothing proves nothing.
func TestJudgeStopsWhatTheDocumentDoesNotAllow(t *testing.T) {
	doc, found, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if !found {
		t.Log("the provider's document is not here: nothing to judge by")
		return
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) }))
	defer server.Close()
	const sid = "AC00000000000000000000000000000001"
	messages := "/2010-04-01/Accounts/" + sid + "/Messages.json"
	good := url.Values{"To": {"+393331234567"}, "From": {"+390212345678"}, "Body": {"ciao"}, "StatusCallback": {"https://help.example.it/x?o=1"}}
	with := func(k, v string) url.Values {
		f := url.Values{k: {v}}
		for key, vs := range good {
			if key != k {
				f[key] = vs
			}
		}
		return f
	}
	for name, c := range map[string]struct {
		path string
		form url.Values
		auth bool
		ok   bool
	}{
		"right":              {messages, good, true, true},
		"not signed in":      {messages, good, false, false},
		"account SID":        {strings.Replace(messages, sid, "AC1", 1), good, true, false},
		"no such path":       {"/2010-04-01/Accounts/" + sid + "/Massages.json", good, true, false},
		"callback not a URI": {messages, with("StatusCallback", "help.example.it"), true, false},
		"field misspelt":     {messages, with("MessagingServiceSID", "MG1"), true, false},
		"service SID":        {messages, with("MessagingServiceSid", "MG1"), true, false},
		"no recipient":       {messages, url.Values{"Body": {"ciao"}}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			judge := doc.Judge(server.Client().Transport)
			req, err := http.NewRequest(http.MethodPost, server.URL+c.path, strings.NewReader(c.form.Encode()))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if c.auth {
				req.SetBasicAuth(sid, "secret")
			}
			res, err := judge.RoundTrip(req)
			if err == nil {
				_ = res.Body.Close()
			}
			right, wrong := judge.Verdict()
			if (err == nil) != c.ok || (right == 1) != c.ok || (wrong == nil) != c.ok {
				t.Fatalf("err %v, right %d, wrong %v", err, right, wrong)
			}
		})
	}
}
