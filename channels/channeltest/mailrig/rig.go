// Package mailrig starts real mail servers for tests: Dovecot as the mailboxes, Postfix as the transport. Each has its own
// configuration, directories and loopback ports, runs beside any installed one, and ends with the test that started it. Nothing that
// they are given leaves the host.
//
// The program never imports it: it is for tests only. A server that is not installed fails the test, with the name of its Debian
// package, since a test that does not run proves nothing.
package mailrig

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"text/template"
	"time"

	"sportello/channels/channeltest"
)

const readyWithin = 30 * time.Second

// certificate is a self-signed certificate in files.
type certificate struct {
	CertFile, KeyFile string
	CAs               *x509.CertPool
}

// workDir makes a directory that servers can enter after they have dropped root. Its path is short, for the sake of sockets.
func workDir(t testing.TB, name string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func writeCertificate(t testing.TB, dir string) certificate {
	t.Helper()
	cert, cas, err := channeltest.SelfSigned(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalECPrivateKey(cert.PrivateKey.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	c := certificate{CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem"), CAs: cas}
	write(t, c.CertFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}), 0o644)
	write(t, c.KeyFile, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: key}), 0o600)
	return c
}

func write(t testing.TB, name string, content []byte, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(name, content, mode); err != nil {
		t.Fatal(err)
	}
}

func fillIn(t testing.TB, text string, values any) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := template.Must(template.New("").Parse(text)).Execute(&out, values); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// freePorts returns n loopback ports that were free a moment ago.
func freePorts(t testing.TB, n int) []int {
	t.Helper()
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports
}

// lookup finds a program or fails the test.
func lookup(t testing.TB, program, debianPackage string) string {
	t.Helper()
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", "/sbin") {
		if path, err := exec.LookPath(filepath.Join(dir, program)); err == nil {
			return path
		}
	}
	t.Fatalf("%s is not installed: apt-get install %s", program, debianPackage)
	return ""
}

// start runs a server in the foreground until the test ends. It dies with the test process, however that ends.
func start(t testing.TB, logFile string, stop func(*os.Process), program string, args ...string) {
	t.Helper()
	cmd := exec.Command(program, args...)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	started, ended := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread() // Pdeathsig is tied to the thread that started the process
		defer runtime.UnlockOSThread()
		defer close(ended)
		err := cmd.Start()
		started <- err
		if err == nil {
			cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop(cmd.Process)
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			cmd.Process.Kill()
			<-ended
		}
		if t.Failed() {
			content, _ := os.ReadFile(logFile)
			t.Logf("%s said:\n%s\n%s", filepath.Base(program), output.Bytes(), tail(content, 16<<10))
		}
	})
}

func tail(b []byte, n int) []byte { return b[max(0, len(b)-n):] }

// awaitGreeting returns when a server greets with prefix.
func awaitGreeting(t testing.TB, port int, prefix string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), readyWithin)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := greeted(ctx, port, prefix)
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("server on port %d is not ready: %v", port, err)
		}
	}
}

func greeted(ctx context.Context, port int, prefix string) error {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	line := make([]byte, 256)
	n, err := c.Read(line)
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(line[:n], []byte(prefix)) {
		return fmt.Errorf("greeted with %q", line[:n])
	}
	return nil
}

// ids returns the numbers of a user that may own mail: a plain user when root runs the test, else whoever does.
func ids(t testing.TB) (uid, gid int, root bool) {
	t.Helper()
	if os.Getuid() != 0 {
		return os.Getuid(), os.Getgid(), false
	}
	u, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ = strconv.Atoi(u.Uid)
	gid, _ = strconv.Atoi(u.Gid)
	return uid, gid, true
}
