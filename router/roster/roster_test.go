package roster

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/db"
	"sportello/inbox/inboxtest"
)

func TestMain(m *testing.M) { inboxtest.Main(m) }

var noon = time.Date(2026, 5, 12, 12, 0, 0, 0, time.UTC)

const password = "una frase lunga"

func books(t *testing.T, test func(t *testing.T, b *Book)) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		b := New(d, func() time.Time { return noon })
		for _, q := range []Queue{{ID: "vendite", Name: "Vendite"}, {ID: "resi", Name: "Resi"}} {
			if _, err := b.AddQueue(t.Context(), q); err != nil {
				t.Fatal(err)
			}
		}
		test(t, b)
	})
}

func anna() Agent {
	return Agent{Email: " Anna.Rossi@Example.IT ", Name: "Anna Rossi", Queues: []inbox.QueueID{"vendite"}}
}

func TestAgentIsKeptWithDefaults(t *testing.T) {
	books(t, func(t *testing.T, b *Book) {
		added, err := b.Add(t.Context(), anna(), password)
		if err != nil {
			t.Fatal(err)
		}
		want := Agent{ID: added.ID, Email: "anna.rossi@example.it", Name: "Anna Rossi", PublicName: "Anna Rossi", Role: RoleAgent, Locale: "it",
			Skills: []inbox.Requirement{}, Queues: []inbox.QueueID{"vendite"}, Capacity: DefaultCapacity(), OfferFactor: 1, CreatedAt: noon, UpdatedAt: noon}
		for name, read := range map[string]func() (Agent, error){
			"Agent":   func() (Agent, error) { return b.Agent(t.Context(), added.ID) },
			"ByEmail": func() (Agent, error) { return b.ByEmail(t.Context(), "ANNA.rossi@example.it") },
			"Agents":  func() (Agent, error) { all, err := b.Agents(t.Context()); return all[0], err },
		} {
			got, err := read()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
		p := want.Profile()
		if p.ID != want.ID || p.Name != "Anna Rossi" || p.Capacity[channels.Chat] != 3 || p.Factor != 1 || !want.Serves("vendite") || want.Serves("resi") {
			t.Errorf("%+v", p)
		}
		if _, err := b.Agent(t.Context(), "nessuno"); !errors.Is(err, ErrUnknown) {
			t.Errorf("unknown: %v", err)
		}
	})
}

// Everybody is named by each name that he bears, also when he cannot sign in any more.
func TestStaffIsEverybody(t *testing.T) {
	books(t, func(t *testing.T, b *Book) {
		two := anna()
		two.PublicName = "Anna del negozio"
		added, err := b.Add(t.Context(), two, password)
		if err != nil {
			t.Fatal(err)
		}
		added.DisabledAt = noon
		if _, err := b.Update(t.Context(), added); err != nil {
			t.Fatal(err)
		}
		got, err := b.Staff(t.Context())
		want := []channels.Address{{Kind: channels.Email, Value: "anna.rossi@example.it", Name: "Anna Rossi"},
			{Kind: channels.Email, Value: "anna.rossi@example.it", Name: "Anna del negozio"}}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Error(err, diff)
		}
	})
}

func TestUpdateChangesEverythingButThePassword(t *testing.T) {
	books(t, func(t *testing.T, b *Book) {
		a, err := b.Add(t.Context(), anna(), password)
		if err != nil {
			t.Fatal(err)
		}
		a.Name, a.Role, a.Queues, a.OfferFactor = "Anna Bianchi", RoleManager, []inbox.QueueID{"vendite", "resi"}, 3
		a.Skills = []inbox.Requirement{{Skill: "tedesco", Level: 4}}
		got, err := b.Update(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(a, got); diff != "" {
			t.Error(diff)
		}
		if _, err := b.Check(t.Context(), a.Email, password); err != nil {
			t.Errorf("the password changed: %v", err)
		}
		a.ID = "nessuno"
		if _, err := b.Update(t.Context(), a); !errors.Is(err, ErrUnknown) {
			t.Errorf("unknown: %v", err)
		}
		other, err := b.Add(t.Context(), Agent{ID: "lea", Email: "lea@example.it", Name: "Lea"}, password)
		if err != nil {
			t.Fatal(err)
		}
		other.Email = got.Email
		if _, err := b.Update(t.Context(), other); !errors.Is(err, ErrTaken) {
			t.Errorf("address of somebody else: %v", err)
		}
	})
}

func TestWhatCannotBeAcceptedIsNamed(t *testing.T) {
	books(t, func(t *testing.T, b *Book) {
		for want, change := range map[Invalid]func(a *Agent){
			{"name", "required"}:        func(a *Agent) { a.Name = "  " },
			{"name", "too_long"}:        func(a *Agent) { a.Name = strings.Repeat("è", 81) },
			{"email", "format"}:         func(a *Agent) { a.Email = "anna" },
			{"role", "unknown_role"}:    func(a *Agent) { a.Role = "capo" },
			{"offer_factor", "range"}:   func(a *Agent) { a.OfferFactor = 11 },
			{"capacity", "range"}:       func(a *Agent) { a.Capacity = map[channels.Kind]int{channels.Chat: -1} },
			{"skills", "range"}:         func(a *Agent) { a.Skills = []inbox.Requirement{{Skill: "tedesco", Level: 6}} },
			{"queues", "unknown_queue"}: func(a *Agent) { a.Queues = []inbox.QueueID{"nessuna"} },
		} {
			a := anna()
			change(&a)
			_, err := b.Add(t.Context(), a, password)
			var got *Invalid
			if !errors.As(err, &got) || *got != want {
				t.Errorf("%v, want %v", err, want)
			}
		}
		for word, code := range map[string]string{"corta": "too_short", strings.Repeat("x", 257): "too_long"} {
			_, err := b.Add(t.Context(), anna(), word)
			var got *Invalid
			if !errors.As(err, &got) || *got != (Invalid{"password", code}) {
				t.Errorf("%v, want %s", err, code)
			}
		}
		for _, q := range []Queue{{ID: "Con spazi", Name: "x"}, {ID: "", Name: "x"}, {ID: "ok"}} {
			var got *Invalid
			if _, err := b.AddQueue(t.Context(), q); !errors.As(err, &got) {
				t.Errorf("%+v: %v", q, err)
			}
		}
		if _, err := b.AddQueue(t.Context(), Queue{ID: "vendite", Name: "Di nuovo"}); !errors.Is(err, ErrTaken) {
			t.Errorf("the same queue: %v", err)
		}
	})
}

func TestCheckSaysNothingButYesOrNo(t *testing.T) {
	books(t, func(t *testing.T, b *Book) {
		a, err := b.Add(t.Context(), anna(), password)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := b.Check(t.Context(), "anna.rossi@EXAMPLE.it", password); err != nil || got.ID != a.ID {
			t.Fatalf("%+v, %v", got, err)
		}
		for name, try := range map[string][2]string{"wrong password": {a.Email, "un'altra frase"}, "unknown address": {"lea@example.it", password},
			"empty": {"", ""}, "endless": {a.Email, strings.Repeat("x", 1<<20)}} {
			if got, err := b.Check(t.Context(), try[0], try[1]); !errors.Is(err, ErrCredentials) || got.ID != "" {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
		}
		if err := b.SetPassword(t.Context(), a.ID, "una frase nuova"); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Check(t.Context(), a.Email, password); !errors.Is(err, ErrCredentials) {
			t.Errorf("the old password: %v", err)
		}
		if _, err := b.Check(t.Context(), a.Email, "una frase nuova"); err != nil {
			t.Errorf("the new password: %v", err)
		}
		if err := b.SetPassword(t.Context(), "nessuno", password); !errors.Is(err, ErrUnknown) {
			t.Errorf("unknown: %v", err)
		}
		a.DisabledAt = noon
		if _, err := b.Update(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Check(t.Context(), a.Email, "una frase nuova"); !errors.Is(err, ErrCredentials) {
			t.Errorf("disabled: %v", err)
		}
	})
}

// An unknown address costs the same work as a known one: the hash is computed in both cases.
func TestUnknownAddressTakesAsLong(t *testing.T) {
	b := New(inboxtest.SQLite(t), func() time.Time { return noon })
	a, err := b.Add(t.Context(), Agent{Email: "anna@example.it", Name: "Anna"}, password)
	if err != nil {
		t.Fatal(err)
	}
	took := func(email string) time.Duration {
		best := time.Hour
		for range 5 {
			begun := time.Now()
			if _, err := b.Check(t.Context(), email, "un'altra frase"); !errors.Is(err, ErrCredentials) {
				t.Fatal(err)
			}
			best = min(best, time.Since(begun))
		}
		return best
	}
	if known, unknown := took(a.Email), took("nessuno@example.it"); unknown < known/3 {
		t.Errorf("known %s, unknown %s", known, unknown)
	}
}

func TestPasswordsWaitForTheirTurnAndGiveUpWithTheirContext(t *testing.T) {
	b := New(inboxtest.SQLite(t), func() time.Time { return noon })
	for range cap(b.gate) {
		b.gate <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	var waiting sync.WaitGroup
	waiting.Go(func() {
		if _, err := b.Check(ctx, "anna@example.it", password); !errors.Is(err, context.Canceled) {
			t.Errorf("Check: %v", err)
		}
	})
	cancel()
	waiting.Wait()
}
