package agentui

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sportello/channels"
	"sportello/channels/email/safe"
	"sportello/inbox/inboxtest"
)

// ran is what a script of a message does instead of canary(): it tells the page around it, from any origin.
const ran = "(top.postMessage(1,String.fromCharCode(42)))"

type attempt struct{ name, markup string }

// attempts are the mails of the sanitiser's own test.
func attempts(t *testing.T) []attempt {
	t.Helper()
	data, err := os.ReadFile("../channels/email/safe/testdata/hostile.txt")
	if err != nil {
		t.Fatal(err)
	}
	controls := strings.NewReplacer("␀", "\x00", "␉", "\t", "␊", "\n", "␌", "\f", "␍", "\r", "␠", " ", "canary()", ran)
	var all []attempt
	for _, line := range strings.Split(string(data), "\n") {
		if name, markup, ok := strings.Cut(line, "\t"); ok && !strings.HasPrefix(line, "#") {
			all = append(all, attempt{name, controls.Replace(markup)})
		}
	}
	if len(all) < 150 {
		t.Fatalf("only %d attempts", len(all))
	}
	return all
}

// stage shows frames to a real browser, in which every host is the stage itself, and writes down who ran or asked for anything.
type stage struct {
	frames map[string]http.HandlerFunc // by path
	order  []string
	box    string        // the sandbox attribute of the frames, as HTML
	stay   time.Duration // how long a frame is there after it was loaded

	mu    sync.Mutex
	alarm []string
	done  chan struct{}
}

// page loads the frames a few at a time, and says /done when all have had their time.
const page = `<!doctype html><title>stage</title><link rel="icon" href="data:,"><body><script>
const paths = %s, box = %q, stay = %d, own = new Map();
addEventListener("message", (e) => fetch("/ran?" + encodeURIComponent(own.get(e.source) ?? "unknown")));
async function one(path) {
  const f = document.createElement("iframe");
  if (box) f.setAttribute("sandbox", box);
  f.setAttribute("referrerpolicy", "no-referrer");
  f.width = 700; f.height = 300; f.src = path;
  const loaded = new Promise((ok) => { f.onload = ok; setTimeout(ok, 3000); });
  document.body.append(f);
  own.set(f.contentWindow, path);
  await loaded;
  await new Promise((ok) => setTimeout(ok, stay));
  f.remove();
}
(async () => {
  const left = [...paths];
  await Promise.all(Array.from({ length: 8 }, async () => { while (left.length) await one(left.shift()); }));
  fetch("/done");
})();
</script>`

func (s *stage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	show, known := s.frames[r.URL.Path]
	switch host := strings.Split(r.Host, ":")[0]; {
	case host != "stage.test":
		s.tell(r.Method + " " + r.Host + r.URL.String())
	case r.URL.Path == "/":
		var paths strings.Builder
		for _, p := range s.order {
			fmt.Fprintf(&paths, "%q,", p)
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, page, "["+paths.String()+"]", s.box, s.stay.Milliseconds())
	case r.URL.Path == "/ran":
		s.tell("script ran: " + r.URL.RawQuery)
	case r.URL.Path == "/done":
		close(s.done)
	case known && len(r.URL.RawQuery) == 0 && r.Method == http.MethodGet:
		show(w, r)
	default:
		s.tell(r.Method + " " + r.URL.String())
	}
}

func (s *stage) tell(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.alarm = append(s.alarm, what)
}

// play shows all frames and returns what was written down, without what a browser asks for by itself.
func (s *stage) play(t *testing.T) []string {
	t.Helper()
	const chromium = "/usr/bin/chromium"
	if _, err := os.Stat(chromium); err != nil {
		t.Fatal("missing Debian package: chromium")
	}
	s.done = make(chan struct{})
	server := httptest.NewServer(s)
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
		"--disable-background-networking", "--disable-component-update", "--disable-default-apps", "--disable-extensions", "--remote-debugging-port=0",
		"--autoplay-policy=no-user-gesture-required", "--user-data-dir="+profile(t),
		"--host-resolver-rules=MAP * "+server.Listener.Addr().String(), "--proxy-server=direct://", "http://stage.test/")
	cmd.WaitDelay = 5 * time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // its helpers too
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.done:
	case <-ctx.Done():
		t.Error("the browser has not come to the end")
	}
	cancel()
	_ = cmd.Wait() // it was killed
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(s.alarm, func(a string) bool { return ownRequest.MatchString(a) })
}

// profile is a folder for a browser. Its processes may write for a moment after they were killed, so it is removed until it is gone.
func profile(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "stage")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		end := time.NewTimer(10 * time.Second)
		defer end.Stop()
		again := time.NewTicker(20 * time.Millisecond)
		defer again.Stop()
		for {
			if err := os.RemoveAll(dir); err == nil {
				return
			}
			select {
			case <-again.C:
			case <-end.C:
				t.Errorf("the browser does not let go of %s", dir)
				return
			}
		}
	})
	return dir
}

// ownRequest is what Chromium asks for by itself.
var ownRequest = regexp.MustCompile(`(google|gvt1|gstatic|googleapis)\.com|/favicon\.ico$`)

func (s *stage) add(path string, show http.HandlerFunc) {
	s.frames[path] = show
	s.order = append(s.order, path)
}

// As the console shows a mail, nothing of any attempt runs, loads, moves or submits, even if the sanitiser had let all of it through.
func TestE43HostileMailInItsFrame(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	b := r.as("anna")
	s := &stage{stay: 250 * time.Millisecond, frames: map[string]http.HandlerFunc{}, box: "allow-popups allow-popups-to-escape-sandbox"}
	for i, a := range attempts(t) {
		m := r.mail(fmt.Sprintf("c%d@example.it", i), a.name, func(in *channels.Inbound) { in.HTML = a.markup })
		s.add("/"+strings.ReplaceAll(a.name, " ", "-"), func(w http.ResponseWriter, _ *http.Request) {
			body, res := b.text("/api/messages/" + m.Message + "/html")
			for _, h := range []string{"Content-Type", "Content-Security-Policy", "X-Content-Type-Options", "X-DNS-Prefetch-Control", "Referrer-Policy"} {
				w.Header().Set(h, res.Header.Get(h))
			}
			_, _ = w.Write([]byte(body))
		})
	}
	for _, a := range s.play(t) {
		t.Error(a)
	}
}

// What the sanitiser lets through is harmless by itself: without a sandbox, without a policy, without the frame's own cleaning.
func TestE43CleanedMailOutsideOfAFrame(t *testing.T) {
	s := &stage{stay: 250 * time.Millisecond, frames: map[string]http.HandlerFunc{}}
	for _, a := range attempts(t) {
		clean, err := safe.Clean(a.markup)
		if err != nil {
			t.Fatalf("%s: %v", a.name, err)
		}
		s.add("/"+strings.ReplaceAll(a.name, " ", "-"), naked(clean))
	}
	for _, a := range s.play(t) {
		t.Error(a)
	}
}

// The stage itself can fail: uncleaned and unboxed, attempts run and load.
func TestE43TheStageSees(t *testing.T) {
	s := &stage{stay: 5 * time.Second, frames: map[string]http.HandlerFunc{}}
	for _, a := range attempts(t) {
		if slices.Contains([]string{"script", "img onerror", "img remote", "css url", "link css", "meta refresh", "svg onload", "video source"}, a.name) {
			s.add("/"+strings.ReplaceAll(a.name, " ", "-"), naked(a.markup))
		}
	}
	alarm := strings.Join(s.play(t), "\n")
	for _, want := range []string{"script ran: %2Fscript", "script ran: %2Fimg-onerror", "script ran: %2Fsvg-onload", "canary.test/logo.png",
		"canary.test/c1.png", "canary.test/l.css", "canary.test/r", "canary.test/v2.mp4"} {
		if !strings.Contains(alarm, want) {
			t.Errorf("not seen: %s\n%s", want, alarm)
		}
	}
}

func naked(markup string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprintf(w, "<!doctype html><body>%s", markup)
	}
}
