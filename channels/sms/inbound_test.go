package sms_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"sportello/channels"
	"sportello/channels/channeltest"
	"sportello/channels/sms"
)

const inboundPath = "/hooks/sms/sms-it/inbound"

func inboundForm() url.Values {
	return url.Values{"AccountSid": {accountSID}, "MessageSid": {"SM1"}, "From": {customer}, "To": {number}, "Body": {"Ciao, è aperto?"}}
}

// post sends a form to the handler as it would come from the network, and returns the answer.
func post(r *rig, path, contentType, body, signature string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	req.Header.Set("Content-Type", contentType)
	if signature != "" {
		req.Header.Set("X-Twilio-Signature", signature)
	}
	w := httptest.NewRecorder()
	r.adapter.Handler().ServeHTTP(w, req)
	return w
}

const formType = "application/x-www-form-urlencoded"

func TestM01SignatureIsChecked(t *testing.T) {
	form := inboundForm()
	changed := maps.Clone(form)
	changed.Set("Body", "Cambiato")
	const address = publicURL + inboundPath
	const second = "00112233445566778899aabbccddeeff"
	for name, c := range map[string]struct {
		path, signature string
		want            int
	}{
		"right":                          {inboundPath, channeltest.SignTwilio(token, address, form), 200},
		"with the default port":          {inboundPath, channeltest.SignTwilio(token, publicURL+":443"+inboundPath, form), 200},
		"second token, during rotation":  {inboundPath, channeltest.SignTwilio(second, address, form), 200},
		"with a query":                   {inboundPath + "?a=b&c", channeltest.SignTwilio(token, address+"?a=b&c", form), 200},
		"retry policy signed as well":    {inboundPath, channeltest.SignTwilio(token, address+"#rc=3&rp=5xx,ct,rt", form), 200},
		"missing":                        {inboundPath, "", 403},
		"another token":                  {inboundPath, channeltest.SignTwilio("feedface", address, form), 403},
		"another body":                   {inboundPath, channeltest.SignTwilio(token, address, changed), 403},
		"another path":                   {inboundPath, channeltest.SignTwilio(token, publicURL+"/hooks/sms/other/inbound", form), 403},
		"query added":                    {inboundPath + "?a=b", channeltest.SignTwilio(token, address, form), 403},
		"another port":                   {inboundPath, channeltest.SignTwilio(token, publicURL+":8443"+inboundPath, form), 403},
		"the host that the request says": {inboundPath, channeltest.SignTwilio(token, "http://example.com"+inboundPath, form), 403},
		"not base64":                     {inboundPath, "***", 403},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(cfg *sms.Config, _ *channeltest.TwilioConfig) { cfg.AuthTokens = append(cfg.AuthTokens, second) })
			w := post(r, c.path, formType, form.Encode(), c.signature)
			if w.Code != c.want {
				t.Fatalf("status %d, want %d", w.Code, c.want)
			}
			refused, calls := int64(0), 1
			if c.want == 403 {
				refused, calls = 1, 0
			}
			if got := r.adapter.Counts().Refused; got != refused || r.sink.Calls() != calls {
				t.Fatalf("refused %d, sink calls %d", got, r.sink.Calls())
			}
		})
	}
}

func TestM01RepeatedKeysAreSignedOncePerValue(t *testing.T) {
	r := newRig(t, nil)
	form := inboundForm()
	form["New"] = []string{"b", "a", "b"}
	if w := post(r, inboundPath, formType, form.Encode(), channeltest.SignTwilio(token, publicURL+inboundPath, form)); w.Code != 200 {
		t.Fatalf("status %d", w.Code)
	}
}

func TestM01JSONBodyIsCoveredByItsHash(t *testing.T) {
	body := `{"AccountSid":"` + accountSID + `","MessageSid":"SM7","From":"` + customer + `","To":"` + number + `","Body":"Ciao","NumMedia":0}`
	sum := sha256.Sum256([]byte(body))
	path := inboundPath + "?bodySHA256=" + hex.EncodeToString(sum[:])
	signature := channeltest.SignTwilio(token, publicURL+path, nil)
	r := newRig(t, nil)
	if w := post(r, path, "application/json", strings.Replace(body, "Ciao", "Addio", 1), signature); w.Code != 403 {
		t.Fatalf("changed body: status %d", w.Code)
	}
	if w := post(r, path, "application/json", body, signature); w.Code != 200 {
		t.Fatalf("status %d", w.Code)
	}
	if in := r.one(t); in.Text != "Ciao" || in.External != "SM7" {
		t.Fatalf("%+v", in)
	}
}

func TestM02FieldsBecomeAMessage(t *testing.T) {
	r := newRig(t, nil)
	form := inboundForm()
	form.Set("FromCity", "Forlì")
	form.Set("Brandnew", "kept\x00")
	form.Set("FromZip", "")
	form.Set("Body", "riga uno\r\nriga\x00 due")
	if w := post(r, inboundPath, formType, form.Encode(), channeltest.SignTwilio(token, publicURL+inboundPath, form)); w.Code != 200 {
		t.Fatalf("status %d", w.Code)
	}
	in := r.one(t)
	if in.Account != "sms-it" || in.Kind != channels.SMS || in.External != "SM1" || in.Proof != channels.ProofProvider ||
		in.From != (channels.Address{Kind: channels.SMS, Value: customer}) || len(in.To) != 1 || in.To[0].Value != number ||
		in.Text != "riga uno\nriga due" || in.Auto != channels.AutoNone || in.Flaw != "" || !in.ReceivedAt.Equal(time.Unix(1_800_000_000, 0)) {
		t.Fatalf("%+v", in)
	}
	want := map[string]string{"FromCity": "Forlì", "Brandnew": "kept", sms.MetaForm: "number"}
	if !maps.Equal(in.Meta, want) {
		t.Fatalf("meta %v", in.Meta)
	}
	f, err := r.vault.Open(t.Context(), in.Raw)
	if err != nil {
		t.Fatal(err)
	}
	if raw, _ := io.ReadAll(f); string(raw) != form.Encode() {
		t.Fatalf("raw %q", raw)
	}
}

func TestM03ForeignAccountIsRefused(t *testing.T) {
	r := newRig(t, nil)
	form := inboundForm()
	form.Set("AccountSid", "ACffffffffffffffffffffffffffffffff")
	w := post(r, inboundPath, formType, form.Encode(), channeltest.SignTwilio(token, publicURL+inboundPath, form))
	if w.Code != 403 || r.adapter.Counts().Foreign != 1 || r.sink.Calls() != 0 {
		t.Fatalf("status %d, %+v", w.Code, r.adapter.Counts())
	}
}

func TestM03UnknownRecipientIsStoredAsUnroutable(t *testing.T) {
	r := newRig(t, nil)
	if _, status, err := r.twilio.Deliver(t.Context(), customer, "+390299999999", "Chi siete?"); status != 200 || err != nil {
		t.Fatal(status, err)
	}
	if in := r.one(t); in.Meta[sms.MetaUnroutable] != "true" || in.Text != "Chi siete?" {
		t.Fatalf("%+v", in)
	}
}

func TestM04AnswerFollowsTheCommit(t *testing.T) {
	r := newRig(t, nil)
	release := r.sink.Hold()
	answered := make(chan int, 1)
	go func() {
		_, status, _ := r.twilio.Deliver(t.Context(), customer, number, "uno")
		answered <- status
	}()
	if err := r.sink.WaitCalls(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	select {
	case status := <-answered:
		t.Fatalf("answered %d before the sink had committed", status)
	default:
	}
	release()
	if status := <-answered; status != 200 {
		t.Fatalf("status %d", status)
	}
}

func TestM04AnswerIsAnEmptyTwiML(t *testing.T) {
	r := newRig(t, nil)
	form := inboundForm()
	w := post(r, inboundPath, formType, form.Encode(), channeltest.SignTwilio(token, publicURL+inboundPath, form))
	if got := w.Body.String(); !strings.HasSuffix(got, "<Response></Response>") || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/xml") {
		t.Fatalf("%q %v", got, w.Header())
	}
}

func TestM04StoreDownIs503AndTheRetryArrives(t *testing.T) {
	var r *rig
	r = newRig(t, func(_ *sms.Config, double *channeltest.TwilioConfig) {
		double.Retries = 2
		double.Pause = func(_ context.Context, attempt int) error {
			if attempt == 2 {
				r.sink.Fail(nil)
				r.vault.Fail(nil)
			}
			return nil
		}
	})
	r.sink.Fail(errors.New("record is down"))
	sid := r.deliver(t, customer, "arriva lo stesso", 200)
	if in := r.one(t); in.External != sid {
		t.Fatalf("%+v", in)
	}
	if c := r.adapter.Counts(); c.NotTaken != 2 || c.Accepted != 1 {
		t.Fatalf("%+v", c)
	}
	if got := strings.Join(r.codes(), " "); got != "store ok" {
		t.Fatalf("health %q", got)
	}
	r.vault.Fail(errors.New("disk is full"))
	r.deliver(t, customer, "anche questo", 200)
}

func TestM05DuplicatesAreOneMessage(t *testing.T) {
	r := newRig(t, nil)
	sid := r.deliver(t, customer, "una volta", 200)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if status, err := r.twilio.Redeliver(t.Context(), sid); status != 200 || err != nil {
				t.Errorf("status %d, %v", status, err)
			}
		})
	}
	wg.Wait()
	if in := r.one(t); in.External != sid || in.Meta["I-Twilio-Idempotency-Token"] != "idem-"+sid {
		t.Fatalf("%+v", in)
	}
	if c := r.adapter.Counts(); c.Accepted != 9 || c.Duplicates != 8 {
		t.Fatalf("%+v", c)
	}
}

func TestM05MessageWithoutSidIsKeptOnce(t *testing.T) {
	r := newRig(t, nil)
	form := inboundForm()
	form.Del("MessageSid")
	for range 2 {
		if w := post(r, inboundPath, formType, form.Encode(), channeltest.SignTwilio(token, publicURL+inboundPath, form)); w.Code != 200 {
			t.Fatalf("status %d", w.Code)
		}
	}
	if in := r.one(t); in.Flaw == "" || !strings.HasPrefix(in.External, "body:") {
		t.Fatalf("%+v", in)
	}
}

func TestM07OtherChannelsAreKeptApart(t *testing.T) {
	r := newRig(t, nil)
	r.deliver(t, "whatsapp:"+customer, "da WhatsApp", 200)
	in := r.one(t)
	if in.From.Value != "whatsapp:"+customer || in.Flaw == "" || in.Text != "da WhatsApp" || in.Meta[sms.MetaForm] != "other" {
		t.Fatalf("%+v", in)
	}
	out := outbound("risposta")
	out.To = []channels.Address{in.From}
	if _, err := r.adapter.Send(t.Context(), out); channels.AsFault(err).Code != channels.CodeNotCapable {
		t.Fatalf("answered by SMS: %v", err)
	}
}

func TestM07NationalNumberIsReadByItsCountry(t *testing.T) {
	r := newRig(t, nil)
	form := inboundForm()
	form.Set("From", "(415) 555-2671")
	form.Set("FromCountry", "US")
	if _, status, err := r.twilio.DeliverForm(t.Context(), form); status != 200 || err != nil {
		t.Fatal(status, err)
	}
	if in := r.one(t); in.From.Value != "+14155552671" {
		t.Fatalf("%+v", in.From)
	}
}

func TestM07SenderWithoutAddressIsAcceptedAllTheSame(t *testing.T) {
	r := newRig(t, nil)
	r.deliver(t, "", "chi sono?", 200)
	if in := r.one(t); !in.From.IsZero() || in.Flaw == "" || in.Proof != channels.ProofNone {
		t.Fatalf("%+v", in)
	}
}

func TestM09MediaLeaveAMarkAndTheirAddresses(t *testing.T) {
	r := newRig(t, nil)
	form := inboundForm()
	form.Set("NumMedia", "2")
	form.Set("MediaUrl0", "https://api.twilio.com/2010-04-01/Accounts/x/Media/ME0")
	form.Set("MediaContentType0", "image/jpeg")
	form.Set("MediaUrl1", "https://api.twilio.com/2010-04-01/Accounts/x/Media/ME1")
	if _, status, err := r.twilio.DeliverForm(t.Context(), form); status != 200 || err != nil {
		t.Fatal(status, err)
	}
	in := r.one(t)
	if in.Text != "Ciao, è aperto?\n[image/jpeg]\n[application/octet-stream]" || len(in.Parts) != 0 || in.Meta["MediaUrl1"] != form.Get("MediaUrl1") {
		t.Fatalf("%+v", in)
	}
}

func TestM17KeywordsAndM20TheirTextIsKept(t *testing.T) {
	for body, want := range map[string]struct {
		auto channels.Auto
		by   string
	}{
		"STOP":     {channels.AutoOptOut, "provider"},
		" stop!! ": {channels.AutoOptOut, "provider"},
		"Basta.":   {channels.AutoOptOut, "local"},
		"Start":    {channels.AutoOptIn, "provider"},
		"aiuto":    {channels.AutoHelpRequest, "local"},
		"Fermate":  {channels.AutoNone, ""},
	} {
		r := newRig(t, nil)
		r.deliver(t, customer, body, 200)
		if in := r.one(t); in.Auto != want.auto || in.Meta[sms.MetaKeyword] != want.by || in.Text != body {
			t.Errorf("%q: %q %q %q", body, in.Auto, in.Meta[sms.MetaKeyword], in.Text)
		}
	}
}

func TestM17ProviderVerdictGoesFirst(t *testing.T) {
	r := newRig(t, nil)
	form := inboundForm()
	form.Set("Body", "arret")
	form.Set("OptOutType", "STOP")
	if _, status, err := r.twilio.DeliverForm(t.Context(), form); status != 200 || err != nil {
		t.Fatal(status, err)
	}
	if in := r.one(t); in.Auto != channels.AutoOptOut || in.Meta["OptOutType"] != "STOP" {
		t.Fatalf("%+v", in)
	}
}

func TestM17SuspectedOptOutIsAHintOnly(t *testing.T) {
	r := newRig(t, nil)
	r.deliver(t, customer, "ok basta", 200)
	if in := r.one(t); in.Auto != channels.AutoNone || in.Meta[sms.MetaSuspected] != "opt-out" {
		t.Fatalf("%+v", in)
	}
}

func TestM18NobodyAnswersStopTwice(t *testing.T) {
	r := newRig(t, nil)
	r.deliver(t, customer, "STOP", 200)
	answers := 0
	for _, m := range r.twilio.Messages() {
		if m.Direction != "inbound" {
			answers++
		}
	}
	if answers != 1 || r.twilio.Calls() != 0 {
		t.Fatalf("%d answers, %d REST calls; want the provider's own answer alone", answers, r.twilio.Calls())
	}
}

func TestBodyIsLimited(t *testing.T) {
	r := newRig(t, nil)
	w := post(r, inboundPath, formType, "Body="+strings.Repeat("x", 300<<10), "x")
	if w.Code != http.StatusRequestEntityTooLarge || r.vault.Len() != 0 {
		t.Fatalf("status %d", w.Code)
	}
}

func TestOnlyPOST(t *testing.T) {
	r := newRig(t, nil)
	w := httptest.NewRecorder()
	r.adapter.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, inboundPath, nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Fatalf("status %d", w.Code)
	}
}

// Strangers can post anything here. Nothing unsigned may reach the sink, nothing may panic, and nothing that is stored may hold
// what a database refuses.
func FuzzWebhook(f *testing.F) {
	f.Add("/hooks/sms/sms-it/inbound", formType, inboundForm().Encode(), "c2lnbmF0dXJl", false)
	f.Add("/hooks/sms/sms-it/status?o=1", formType, "MessageSid=SM1&MessageStatus=delivered&ErrorCode=x", "", true)
	f.Add("/hooks/sms/sms-it/inbound?bodySHA256=00", "application/json", `{"From":1,"Body":null,"NumMedia":"99"}`, "", true)
	f.Add("/sms/sms-it/inbound", "text/plain; =", "From=%2B39&Body=%ff%00&NumMedia=10&To=whatsapp:", "", true)
	f.Fuzz(func(t *testing.T, path, contentType, body, signature string, sign bool) {
		u, err := url.ParseRequestURI(path)
		if err != nil || !strings.HasPrefix(path, "/") || strings.ContainsAny(path, " \r\n\t") {
			return
		}
		sink, vault := new(channeltest.RecordingSink), new(channeltest.MemoryVault)
		adapter, err := sms.New(config(), sms.Deps{Sink: sink, Vault: vault, Transport: http.DefaultTransport})
		if err != nil {
			t.Fatal(err)
		}
		form, err := url.ParseQuery(body)
		if sign && err == nil {
			form.Set("AccountSid", accountSID)
			body = form.Encode()
			signature = channeltest.SignTwilio(token, publicURL+path, form)
		}
		req := &http.Request{Method: http.MethodPost, URL: u, RequestURI: path, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader([]byte(body)))}
		req.Header.Set("Content-Type", contentType)
		req.Header.Set("X-Twilio-Signature", signature)
		w := httptest.NewRecorder()
		adapter.Handler().ServeHTTP(w, req)
		if !sign && sink.Calls() != 0 {
			t.Fatalf("an unsigned request reached the sink")
		}
		for _, in := range sink.Inbounds() {
			if in.External == "" || strings.ContainsRune(in.Text, 0) || strings.ToValidUTF8(in.Text, "") != in.Text || in.Raw == "" {
				t.Fatalf("%+v", in)
			}
			for k, v := range in.Meta {
				if strings.ContainsRune(k+v, 0) || strings.ToValidUTF8(k+v, "") != k+v {
					t.Fatalf("meta %q=%q", k, v)
				}
			}
		}
	})
}
