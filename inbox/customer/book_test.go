package customer_test

import (
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"sportello/channels"
	"sportello/inbox/customer"
	"sportello/inbox/db"
	"sportello/inbox/inboxtest"
	"sportello/inbox/journal"
)

func TestMain(m *testing.M) { inboxtest.Main(m) }

// desk is a book with a clock that the test holds.
type desk struct {
	t    *testing.T
	d    *db.DB
	j    *journal.Journal
	book *customer.Book
	mu   sync.Mutex
	at   time.Time
}

func books(t *testing.T, test func(*testing.T, *desk)) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		k := &desk{t: t, d: d, j: journal.New(d), at: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}
		k.book = customer.NewBook(d, k.j, k.now)
		test(t, k)
	})
}

// now is a second later each time.
func (k *desk) now() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.at = k.at.Add(time.Second)
	return k.at
}

func (k *desk) resolve(in channels.Inbound) customer.Resolved {
	k.t.Helper()
	var r customer.Resolved
	err := k.d.Tx(k.t.Context(), func(tx *sql.Tx) (err error) {
		if err := k.book.Lock(k.t.Context(), tx, in); err != nil {
			return err
		}
		r, err = k.book.Resolve(k.t.Context(), tx, in)
		return err
	})
	if err != nil {
		k.t.Fatal(err)
	}
	return r
}

func (k *desk) read(id customer.ID) customer.Customer {
	k.t.Helper()
	c, err := k.book.Read(k.t.Context(), id)
	if err != nil {
		k.t.Fatal(err)
	}
	return c
}

func (k *desk) ok(err error) {
	k.t.Helper()
	if err != nil {
		k.t.Fatal(err)
	}
}

// told lists what customer.changed said of a customer; its positions must have no gap.
func (k *desk) told(id customer.ID) (what []customer.What) {
	k.t.Helper()
	events, err := k.j.Stream(k.t.Context(), journal.CustomerStream(string(id)), 0, 100)
	k.ok(err)
	for n, e := range events {
		var ch customer.Change
		k.ok(json.Unmarshal(e.Data, &ch))
		if e.Seq != int64(n+1) || ch.Customer.ID != id || e.Type != journal.CustomerChanged {
			k.t.Fatalf("event %d: %+v", n, e)
		}
		what = append(what, ch.What)
	}
	return what
}

func from(k channels.Kind, value, name string) channels.Inbound {
	return channels.Inbound{Account: channels.AccountID(k), Kind: k, From: channels.Address{Kind: k, Value: value, Name: name}, Proof: channels.ProofProvider}
}

const visitor = "00112233445566778899aabbccddeeff"

// One address is one customer; what is learnt later fills what was not known.
func TestOneAddressIsOneCustomer(t *testing.T) {
	books(t, func(t *testing.T, k *desk) {
		first := k.resolve(from(channels.Email, "anna@example.it", ""))
		second := from(channels.Email, "anna@example.it", "Anna Rossi")
		second.Locale = "it"
		again := k.resolve(second)
		if !first.Created || again.Created || again.Customer.ID != first.Customer.ID || again.Customer.Name != "Anna Rossi" || again.Customer.Locale != "it" {
			t.Fatalf("%+v %+v", first, again)
		}
		k.resolve(from(channels.Email, "anna@example.it", "Somebody Else"))
		c := k.read(first.Customer.ID)
		if c.Name != "Anna Rossi" || len(c.Identities) != 1 || !c.Identities[0].Owner || c.Identities[0].LastInAt.IsZero() || c.Identities[0].LastAccount != "email" {
			t.Fatalf("%+v", c)
		}
		if got := k.told(c.ID); len(got) != 2 || got[0] != customer.Created || got[1] != customer.NameChanged {
			t.Fatal(got)
		}
	})
}

// Two first messages of one person at the same time make one customer.
func TestFirstMessagesAtOnceMakeOneCustomer(t *testing.T) {
	books(t, func(t *testing.T, k *desk) {
		var group sync.WaitGroup
		ids := make(chan customer.ID, 20)
		for range 20 {
			group.Go(func() {
				err := k.d.Tx(t.Context(), func(tx *sql.Tx) error {
					in := from(channels.SMS, "+393331234567", "")
					if err := k.book.Lock(t.Context(), tx, in); err != nil {
						return err
					}
					r, err := k.book.Resolve(t.Context(), tx, in)
					if err == nil {
						ids <- r.Customer.ID
					}
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		close(ids)
		seen := map[customer.ID]bool{}
		for id := range ids {
			seen[id] = true
		}
		if len(seen) != 1 {
			t.Fatalf("%d customers", len(seen))
		}
	})
}

// REQ-ID2: what a visitor types in a form never makes him somebody else.
func TestREQID2DeclaredAddressOpensNothing(t *testing.T) {
	books(t, func(t *testing.T, k *desk) {
		anna := k.resolve(from(channels.Email, "anna@example.it", "Anna")).Customer.ID
		chat := from(channels.Chat, visitor, "")
		chat.Claims = []channels.Claim{{Address: channels.Address{Kind: channels.Email, Value: "anna@example.it", Name: "Mallory"}, Proof: channels.ProofDeclared}}
		mallory := k.resolve(chat)
		if mallory.Customer.ID == anna || !mallory.Created || mallory.Customer.Name != "Mallory" {
			t.Fatalf("%+v", mallory)
		}
		c := k.read(mallory.Customer.ID)
		if len(c.Identities) != 2 || c.Identities[1].Owner || c.Identities[1].Proof != channels.ProofDeclared {
			t.Fatalf("%+v", c.Identities)
		}
		if got := k.resolve(from(channels.Email, "anna@example.it", "")).Customer.ID; got != anna {
			t.Fatal("the address changed its owner")
		}
	})
}

// C-02: a visitor who is signed in on the website is the customer who owns the address that his token proves.
func TestC02VerifiedVisitorIsTheKnownCustomer(t *testing.T) {
	books(t, func(t *testing.T, k *desk) {
		anna := k.resolve(from(channels.Email, "anna@example.it", "Anna")).Customer.ID
		chat := from(channels.Chat, visitor, "")
		chat.Claims = []channels.Claim{{Address: channels.Address{Kind: channels.Email, Value: "anna@example.it"}, Proof: channels.ProofVerified}}
		if r := k.resolve(chat); r.Customer.ID != anna || r.Created || r.Absorbed != "" {
			t.Fatalf("%+v", r)
		}
		if r := k.resolve(from(channels.Chat, visitor, "")); r.Customer.ID != anna {
			t.Fatal("the visitor is not remembered")
		}
	})
}

// C-04: an anonymous visitor who signs in later brings along what he agreed to, and is found under his old id.
func TestC04AnonymousVisitorIsAbsorbed(t *testing.T) {
	books(t, func(t *testing.T, k *desk) {
		anna := k.resolve(from(channels.Email, "anna@example.it", "Anna")).Customer.ID
		chat := from(channels.Chat, visitor, "")
		anonymous := k.resolve(chat).Customer.ID
		k.ok(k.book.Consent(t.Context(), nil, anonymous, customer.Consent{Kind: channels.Chat, Source: "page", Actor: "system"}))
		k.ok(k.book.SetPreference(t.Context(), anonymous, customer.Preference{Channel: channels.Chat}, "system"))
		chat.Claims = []channels.Claim{{Address: channels.Address{Kind: channels.Email, Value: "anna@example.it"}, Proof: channels.ProofVerified}}
		r := k.resolve(chat)
		if r.Customer.ID != anna || r.Absorbed != anonymous {
			t.Fatalf("%+v", r)
		}
		c := k.read(anonymous)
		if c.ID != anna || len(c.Identities) != 2 || len(c.Consents) != 1 || c.Preference == nil || c.Preference.Channel != channels.Chat {
			t.Fatalf("%+v", c)
		}
		if got := k.told(anna); got[len(got)-1] != customer.Merged {
			t.Fatal(got)
		}
	})
}

// Two known customers are never made one by a machine.
func TestKnownCustomersAreNotAbsorbed(t *testing.T) {
	books(t, func(t *testing.T, k *desk) {
		anna := k.resolve(from(channels.Email, "anna@example.it", "Anna")).Customer.ID
		bruno := k.resolve(from(channels.SMS, "+393331234567", "Bruno")).Customer.ID
		both := from(channels.SMS, "+393331234567", "")
		both.Claims = []channels.Claim{{Address: channels.Address{Kind: channels.Email, Value: "anna@example.it"}, Proof: channels.ProofVerified}}
		if r := k.resolve(both); r.Customer.ID != bruno || r.Absorbed != "" {
			t.Fatalf("%+v", r)
		}
		if got := k.resolve(from(channels.Email, "anna@example.it", "")).Customer.ID; got != anna {
			t.Fatal("the address changed its owner")
		}
	})
}

// E-47: a mail that fails DMARC proves no address: what an agent noted stays noted, and becomes the customer's own by a mail that is his.
func TestE47ForgedMailProvesNoAddress(t *testing.T) {
	books(t, func(t *testing.T, k *desk) {
		anna := k.resolve(from(channels.SMS, "+393331234567", "Anna")).Customer.ID
		mail := channels.Address{Kind: channels.Email, Value: "anna@example.it"}
		k.ok(k.book.Declare(t.Context(), anna, mail, channels.ProofDeclared, "agent:marco"))
		k.ok(k.d.Tx(t.Context(), func(tx *sql.Tx) error {
			return k.d.Together(t.Context(), tx, k.book.Contacted(k.now(), customer.Contact{Customer: anna, To: mail}))
		}))
		owned := func() bool {
			return slices.ContainsFunc(k.read(anna).Identities, func(i customer.Identity) bool { return i.Value == mail.Value && i.Owner })
		}
		in := from(channels.Email, mail.Value, "Anna")
		in.Proof, in.Details.Trust = channels.ProofNone, &channels.Trust{DMARC: "fail"}
		if r := k.resolve(in); r.Customer.ID != anna || r.Created || owned() {
			t.Errorf("forged: %+v, owned %v", r, owned())
		}
		in.Proof, in.Details.Trust = channels.ProofProvider, &channels.Trust{DMARC: "pass"}
		if r := k.resolve(in); r.Customer.ID != anna || !owned() {
			t.Errorf("his own: %+v, owned %v", r, owned())
		}
	})
}

// An answer from a noted address to which we wrote proves that it is his; one to which we never wrote proves nothing.
func TestAnswerFromDeclaredAddressProvesIt(t *testing.T) {
	books(t, func(t *testing.T, k *desk) {
		anna := k.resolve(from(channels.SMS, "+393331234567", "Anna")).Customer.ID
		mail := channels.Address{Kind: channels.Email, Value: "anna@example.it"}
		k.ok(k.book.Declare(t.Context(), anna, mail, channels.ProofDeclared, "agent:marco"))
		k.ok(k.book.Declare(t.Context(), anna, mail, channels.ProofDeclared, "agent:marco"))
		if got := k.told(anna); len(got) != 2 {
			t.Fatal("noting an address twice was told twice", got)
		}
		other := channels.Address{Kind: channels.Email, Value: "other@example.it"}
		k.ok(k.book.Declare(t.Context(), anna, other, channels.ProofDeclared, "agent:marco"))
		k.ok(k.d.Tx(t.Context(), func(tx *sql.Tx) error {
			return k.d.Together(t.Context(), tx, k.book.Contacted(k.now(), customer.Contact{Customer: anna, To: channels.Address{Kind: channels.Email, Value: "anna@example.it"}}))
		}))
		if r := k.resolve(from(channels.Email, "anna@example.it", "")); r.Customer.ID != anna {
			t.Fatalf("%+v", r)
		}
		if r := k.resolve(from(channels.Email, "other@example.it", "")); r.Customer.ID == anna || !r.Created {
			t.Fatalf("%+v", r)
		}
	})
}

// E-33: a dead address is suppressed for everybody, once, until somebody proves that he writes from it.
func TestE33SuppressedUntilVerifiedAnew(t *testing.T) {
	books(t, func(t *testing.T, k *desk) {
		anna := k.resolve(from(channels.Email, "anna@example.it", "Anna")).Customer.ID
		for range 2 {
			k.ok(k.d.Tx(t.Context(), func(tx *sql.Tx) error {
				return k.book.Suppress(t.Context(), tx, channels.Email, "anna@example.it", "", "bad_address", k.now())
			}))
		}
		if c := k.read(anna); c.Identities[0].SuppressedAt.IsZero() || c.Identities[0].SuppressedCode != "bad_address" {
			t.Fatalf("%+v", c)
		}
		if got := k.told(anna); len(got) != 2 || got[1] != customer.AddressSuppressed {
			t.Fatal(got)
		}
		claimed := from(channels.Email, "anna@example.it", "")
		claimed.Proof = channels.ProofNone
		k.resolve(claimed)
		if c := k.read(anna); c.Identities[0].SuppressedAt.IsZero() {
			t.Fatal("a claim without proof made it usable")
		}
		k.resolve(from(channels.Email, "anna@example.it", ""))
		if c := k.read(anna); !c.Identities[0].SuppressedAt.IsZero() {
			t.Fatal("still suppressed")
		}
	})
}

// E-33: a suppressed address is restored by hand for everybody who has it; only the customer's own address can be named, and each who has
// it is told once.
func TestE33RestoredByHand(t *testing.T) {
	books(t, func(t *testing.T, k *desk) {
		anna := k.resolve(from(channels.Email, "anna@example.it", "Anna")).Customer.ID
		bruno := k.resolve(from(channels.Email, "bruno@example.it", "Bruno")).Customer.ID
		k.ok(k.book.Declare(t.Context(), bruno, channels.Address{Kind: channels.Email, Value: "anna@example.it"}, channels.ProofDeclared, "agent:marco"))
		suppressed := func(id customer.ID) bool {
			return slices.ContainsFunc(k.read(id).Identities, func(i customer.Identity) bool { return i.Value == "anna@example.it" && !i.SuppressedAt.IsZero() })
		}
		k.ok(k.d.Tx(t.Context(), func(tx *sql.Tx) error {
			return k.book.Suppress(t.Context(), tx, channels.Email, "anna@example.it", "", channels.CodeBadAddress, k.now())
		}))
		if !suppressed(anna) || !suppressed(bruno) {
			t.Fatal("not suppressed for everybody")
		}
		identity := k.read(anna).Identities[0].ID
		for name, err := range map[string]error{
			"another's": k.book.Restore(t.Context(), bruno, identity, "agent:marco"), "no such": k.book.Restore(t.Context(), anna, "none", "agent:marco"),
			"nobody's": k.book.Restore(t.Context(), "nobody", identity, "agent:marco"),
		} {
			if !errors.Is(err, customer.ErrNotFound) || !suppressed(anna) {
				t.Error(name, err)
			}
		}
		for range 2 {
			k.ok(k.book.Restore(t.Context(), anna, identity, "agent:marco"))
		}
		if suppressed(anna) || suppressed(bruno) {
			t.Fatal("still suppressed")
		}
		for _, id := range []customer.ID{anna, bruno} {
			told := k.told(id)
			if n := len(slices.DeleteFunc(slices.Clone(told), func(w customer.What) bool { return w != customer.AddressRestored })); n != 1 || told[len(told)-1] != customer.AddressRestored {
				t.Error(id, told)
			}
		}
	})
}

// A machine's mail says nothing of when the customer wrote.
func TestE30MachineIsNotTheCustomer(t *testing.T) {
	books(t, func(t *testing.T, k *desk) {
		in := from(channels.Email, "anna@example.it", "Anna")
		in.Auto = channels.AutoReply
		c := k.read(k.resolve(in).Customer.ID)
		if !c.Identities[0].LastInAt.IsZero() {
			t.Fatalf("%+v", c.Identities)
		}
	})
}

// The consent ledger is only added to; a customer carries its newest hundred rows, and an old STOP however much was written since.
func TestM19ConsentIsALedger(t *testing.T) {
	books(t, func(t *testing.T, k *desk) {
		anna := k.resolve(from(channels.SMS, "+393331234567", "Anna")).Customer.ID
		k.ok(k.book.Consent(t.Context(), nil, anna, customer.Consent{Kind: channels.Email, Source: "message", Wording: "STOP", Actor: "system"}))
		for n := range 103 {
			k.ok(k.book.Consent(t.Context(), nil, anna, customer.Consent{Kind: channels.SMS, Granted: n%2 == 0, Source: "agent", Wording: "STOP", Actor: "agent:marco"}))
		}
		c := k.read(anna)
		if len(c.Consents) != 101 || c.Consents[100].Kind != channels.Email || !c.Consents[0].Granted || c.Consents[1].Granted || !c.Consents[0].At.After(c.Consents[1].At) {
			t.Fatalf("%d %+v", len(c.Consents), c.Consents[:2])
		}
		var n int
		if err := k.d.QueryRow(`SELECT count(*) FROM consent`).Scan(&n); err != nil || n != 104 {
			t.Fatal(n, err)
		}
	})
}

func TestPreferenceAndQuietHours(t *testing.T) {
	books(t, func(t *testing.T, k *desk) {
		anna := k.resolve(from(channels.SMS, "+393331234567", "Anna")).Customer.ID
		k.ok(k.book.SetQuiet(t.Context(), anna, 22*60, 8*60, "customer:anna"))
		k.ok(k.book.SetPreference(t.Context(), anna, customer.Preference{Channel: channels.Email, QuietFrom: 22 * 60, QuietTo: 8 * 60}, "agent:marco"))
		p := k.read(anna).Preference
		if p == nil || p.Channel != channels.Email || p.Source != "stated" || p.QuietFrom != 22*60 || p.QuietTo != 8*60 {
			t.Fatalf("%+v", p)
		}
		k.ok(k.book.SetQuiet(t.Context(), anna, 0, 0, "customer:anna"))
		if p = k.read(anna).Preference; p.QuietFrom != 0 || p.QuietTo != 0 || p.Channel != channels.Email {
			t.Fatalf("%+v", p)
		}
		if err := k.book.SetQuiet(t.Context(), anna, -1, 99999, "customer:anna"); err == nil {
			t.Fatal("hours that no day has were taken")
		}
		if err := k.book.SetZone(t.Context(), anna, "Europe/Atlantis", "agent:marco"); err == nil {
			t.Fatal("a zone that does not exist was taken")
		}
		k.ok(k.book.SetZone(t.Context(), anna, "Europe/Rome", "agent:marco"))
	})
}

func TestNamesAndNotes(t *testing.T) {
	books(t, func(t *testing.T, k *desk) {
		anna := k.resolve(from(channels.SMS, "+393331234567", "Anna")).Customer.ID
		for range 2 {
			k.ok(k.book.Rename(t.Context(), anna, "Anna Rossi", "agent:marco"))
			k.ok(k.book.SetNote(t.Context(), anna, "prefers mornings", "agent:marco"))
			k.ok(k.book.SetTier(t.Context(), anna, "gold", "agent:marco"))
		}
		if c := k.read(anna); c.Name != "Anna Rossi" || c.Note != "prefers mornings" || c.Tier != "gold" {
			t.Fatalf("%+v", c)
		}
		if got := k.told(anna); len(got) != 4 {
			t.Fatal("a change that changed nothing was told", got)
		}
		if err := k.book.Rename(t.Context(), "nobody", "x", "agent:marco"); !errors.Is(err, customer.ErrNotFound) {
			t.Fatal(err)
		}
		if _, err := k.book.Read(t.Context(), "nobody"); !errors.Is(err, customer.ErrNotFound) {
			t.Fatal(err)
		}
	})
}

// A17: search does not mind accents, case, or how a number is written.
func TestA17FindByNameAddressAndNumber(t *testing.T) {
	books(t, func(t *testing.T, k *desk) {
		niccolo := k.resolve(from(channels.SMS, "+393331234567", "Niccolò Però")).Customer.ID
		k.resolve(from(channels.Email, "nick_100%@example.it", "Nick"))
		for query, want := range map[string]int{
			"niccolo": 1, "PERÒ nicc": 1, "333 123-4567": 1, "(+39) 333": 1, "nic": 2, "example.it": 1, "100%": 1, "_": 1, "%%": 0, "": 0, "\x00 ": 0,
			"niccolo bianchi": 0,
		} {
			found, err := k.book.Find(t.Context(), query, 10)
			if err != nil || len(found) != want {
				t.Errorf("%q: %d found, want %d, %v", query, len(found), want, err)
			}
		}
		found, err := k.book.Find(t.Context(), "niccolò", 10)
		if err != nil || found[0].ID != niccolo || len(found[0].Identities) != 1 {
			t.Fatal(found, err)
		}
	})
}

// A message without a usable sender still has a customer.
func TestSenderlessMessageHasACustomer(t *testing.T) {
	books(t, func(t *testing.T, k *desk) {
		r := k.resolve(channels.Inbound{Account: "email", Kind: channels.Email})
		if !r.Created || len(k.read(r.Customer.ID).Identities) != 0 {
			t.Fatalf("%+v", r)
		}
	})
}
