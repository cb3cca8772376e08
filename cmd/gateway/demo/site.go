package demo

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

//go:embed site
var files embed.FS

// Received is a message as a customer got it.
type Received struct {
	Kind    string    `json:"kind"`
	To      string    `json:"to"`
	Subject string    `json:"subject,omitempty"`
	Text    string    `json:"text"`
	At      time.Time `json:"at"`
}

// SiteConfig is what the website needs of the rest of the demo. All funcs must be safe for concurrent use.
type SiteConfig struct {
	Console, Loader string // addresses
	Commands        string // how to write from a shell
	JWTKey          []byte // the shop's secret with which it vouches for its customers
	SendMail        func(ctx context.Context, from, subject, text string) error
	SendSMS         func(ctx context.Context, from, text string) error
	Received        func(ctx context.Context) ([]Received, error) // newest first
	Traffic         *atomic.Bool                                  // simulated customers write
	Log             *slog.Logger
	Now             func() time.Time
}

// Site serves the shop below prefix, which begins and ends with a slash. It is for loopback only: anybody who reaches it may write
// in a customer's name.
func Site(prefix string, cfg SiteConfig) (http.Handler, error) {
	static, err := fs.Sub(files, "site")
	if err != nil {
		return nil, fmt.Errorf("demo site: %w", err)
	}
	s := &site{cfg}
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(static))
	mux.HandleFunc("GET /about", s.about)
	mux.HandleFunc("GET /received", s.received)
	mux.HandleFunc("POST /token", s.token)
	mux.HandleFunc("POST /mail", s.mail)
	mux.HandleFunc("POST /sms", s.sms)
	mux.HandleFunc("POST /traffic", s.traffic)
	return http.StripPrefix(prefix[:len(prefix)-1], secure(mux)), nil
}

type site struct{ SiteConfig }

// secure is the policy of a page that allows its own scripts and the widget, which is served from the same origin.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-cache")
		if r.Method == http.MethodPost && r.Header.Get("Content-Type") != "application/json" {
			http.Error(w, "application/json only", http.StatusUnsupportedMediaType) // a foreign page cannot send that without asking
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *site) about(w http.ResponseWriter, _ *http.Request) {
	type person struct {
		Name  string `json:"name"`
		Email string `json:"email"`
		Phone string `json:"phone"`
	}
	people := []person{}
	for _, p := range People() {
		people = append(people, person{p.Name, p.Email, p.Phone})
	}
	people = append(people, person{"Una persona nuova", "nuova@posta.example", "+393494445566"})
	s.write(w, map[string]any{
		"chat": ChatID, "loader": s.Loader, "console": s.Console, "commands": s.Commands, "people": people, "traffic": s.Traffic.Load(),
	})
}

func (s *site) received(w http.ResponseWriter, r *http.Request) {
	all, err := s.Received(r.Context())
	if err != nil {
		s.fail(w, err)
		return
	}
	slices.SortStableFunc(all, func(a, b Received) int { return b.At.Compare(a.At) })
	s.write(w, all[:min(len(all), 30)])
}

// token vouches for Anna, as the server of a website does for a customer who has signed in there.
func (s *site) token(w http.ResponseWriter, _ *http.Request) {
	now := s.Now()
	signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": "customer-7731", "aud": string(ChatID), "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "jti": uuid.NewString(),
		"name": Anna.Name, "email": Anna.Email, "email_verified": true, "phone": Anna.Phone, "phone_verified": true, "locale": Anna.Locale,
	}).SignedString(s.JWTKey)
	if err != nil {
		s.fail(w, err)
		return
	}
	s.write(w, map[string]string{"token": signed})
}

type letter struct{ From, Subject, Text string }

func (s *site) mail(w http.ResponseWriter, r *http.Request) {
	if l, ok := read[letter](w, r); ok {
		s.done(w, s.SendMail(r.Context(), l.From, l.Subject, l.Text))
	}
}

func (s *site) sms(w http.ResponseWriter, r *http.Request) {
	if l, ok := read[letter](w, r); ok {
		s.done(w, s.SendSMS(r.Context(), l.From, l.Text))
	}
}

func (s *site) traffic(w http.ResponseWriter, r *http.Request) {
	if v, ok := read[struct{ On bool }](w, r); ok {
		s.Traffic.Store(v.On)
		s.write(w, map[string]bool{"on": v.On})
	}
}

func (s *site) done(w http.ResponseWriter, err error) {
	if err != nil {
		s.fail(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *site) fail(w http.ResponseWriter, err error) {
	if !errors.Is(err, context.Canceled) {
		s.Log.Warn("demo site", "err", err)
	}
	http.Error(w, "not done", http.StatusBadGateway)
}

func (s *site) write(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		s.Log.Debug("demo site: answer", "err", err)
	}
}

// read takes a small JSON body. It answers what is not one.
func read[T any](w http.ResponseWriter, r *http.Request) (v T, ok bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	if err == nil {
		err = json.Unmarshal(body, &v)
	}
	if err != nil {
		http.Error(w, "not a JSON object", http.StatusBadRequest)
		return v, false
	}
	return v, true
}
