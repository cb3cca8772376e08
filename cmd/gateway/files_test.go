package main

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sportello/channels"
	"sportello/channels/channeltest"
	"sportello/inbox/blob"
)

// E-45: what agents attach is looked at as what comes with mails: by name, by bytes, by size, and by the scanner, which is not asked twice
// about the same bytes while it is known that they are clean.
func TestE45InspectionOfAgentsFiles(t *testing.T) {
	d := channeltest.NewClamd(t, 1<<20)
	scanner, err := FileSettings{Clamd: d.Addr}.scanner()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	i := &inspector{policy: FileSettings{Forbidden: []string{".exe", "application/x-elf"}, MaxMiB: 2}.policy(), scanner: scanner,
		vault: blob.Dir(filepath.Join(t.TempDir(), "blobs")), now: func() time.Time { return now }, log: slog.New(slog.DiscardHandler)}
	asked := 0
	look := func(name, kind, data string, questions int, want channels.Check) {
		t.Helper()
		id, size, err := i.vault.Put(t.Context(), strings.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		p, err := i.inspect(t.Context(), channels.Part{Name: name, Type: kind, Size: size, Blob: id})
		if asked += questions; err != nil || p.Check != want || (p.Threat != "") != (want == channels.CheckInfected) || d.Asked() != asked {
			t.Errorf("%s: %+v %v, asked %d times, want %d", name, p, err, d.Asked(), asked)
		}
	}
	long := strings.Repeat("parole ", 1000)
	look("buono.txt", "text/plain", long, 1, channels.CheckClean)
	look("altro.txt", "text/plain", long, 0, channels.CheckClean)
	look("altro.EXE", "text/plain", long, 0, channels.CheckForbidden)
	look("foto.jpg", "image/jpeg", "\x7fELF\x02\x01\x01\x00", 0, channels.CheckForbidden)
	look("grande.txt", "text/plain", strings.Repeat("x", 2<<20+1), 0, channels.CheckTooLarge)
	look("cattivo.txt", "text/plain", long+channeltest.Infected, 1, channels.CheckInfected)
	look("cattivo.txt", "text/plain", long+channeltest.Infected, 1, channels.CheckInfected)
	look("troppo.txt", "text/plain", strings.Repeat("x", 1<<20+1), 1, channels.CheckUnscanned)
	now = now.Add(cleanFor)
	look("buono.txt", "text/plain", long, 1, channels.CheckClean)
	d.Mute(true)
	look("buono.txt", "text/plain", long, 0, channels.CheckClean)
	look("nuovo.txt", "text/plain", "nuovo", 1, channels.CheckUnscanned)
	if _, err := i.inspect(t.Context(), channels.Part{Name: "x", Blob: channels.BlobID(strings.Repeat("0", 64))}); err == nil {
		t.Error("a file that is not there was inspected")
	}
	i.scanner = nil
	look("nuovo.txt", "text/plain", "nuovo", 0, "")

	if _, err := load(settingsFile(t, loneSettings(t.TempDir())+"files: {unscanned: perhaps}\n"), nil); err == nil || !strings.Contains(err.Error(), "files.unscanned") {
		t.Errorf("%v", err)
	}
}

// E-45: the console's server inspects by the gateway's own settings.
func TestE45GatewayInspectsUploads(t *testing.T) {
	s, err := load(settingsFile(t, loneSettings(t.TempDir())+"chat: [{account: shop, name: Shop}]\nfiles: {forbidden: [.exe], clamd: \"127.0.0.1:1\"}\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := build(t.Context(), s, slog.New(slog.DiscardHandler), options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.close() //nolint:errcheck // only read
	id, _, err := a.vault.Put(t.Context(), strings.NewReader("parole"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]channels.Check{"x.exe": channels.CheckForbidden, "x.txt": channels.CheckUnscanned} {
		if p, err := a.staff.Inspect(t.Context(), channels.Part{Name: name, Type: "text/plain", Size: 6, Blob: id}); err != nil || p.Check != want {
			t.Errorf("%s: %+v %v", name, p, err)
		}
	}
}
