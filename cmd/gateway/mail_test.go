package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// explainMails runs the command over files of these contents and returns what it printed and its exit status.
func explainMails(t *testing.T, flags []string, mails ...string) (out string, names []string, code int) {
	t.Helper()
	dir := t.TempDir()
	for i, m := range mails {
		name := filepath.Join(dir, fmt.Sprintf("%04d.eml", i))
		if err := os.WriteFile(name, []byte(m), 0o600); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), slices.Concat([]string{"mail", "explain"}, flags, names), nil, &stdout, &stderr)
	if stderr.Len() > 0 {
		t.Errorf("stderr: %s", &stderr)
	}
	return stdout.String(), names, code
}

var explainKeys = strings.Fields(`file ok error from from_name reply_to to cc subject date message_id in_reply_to references text reply
signature quoted html attachments auto_reply auto_reason bounce list calendar forward thread spam seal`)

// keysOf returns the keys of a JSON object in order.
func keysOf(t *testing.T, line string) []string {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(line))
	var keys []string
	depth, key := 0, true
	for {
		token, err := d.Token()
		if err != nil {
			return keys
		}
		switch v := token.(type) {
		case json.Delim:
			if v == '{' || v == '[' {
				depth++
			} else {
				depth--
			}
			key = true
			continue
		case string:
			if depth == 1 && key {
				keys = append(keys, v)
				key = false
				continue
			}
		}
		key = true
	}
}

const explainedMail = "From: =?utf-8?q?Anna_Rossi?= <Anna@Example.test>\r\nTo: Support <support+k7xq.2mno@sportello.test>, b@x.it\r\nCc: c@x.it\r\n" +
	"Reply-To: other@elsewhere.test\r\nSubject: Re: ordine [#17]\r\nDate: Mon, 2 Nov 2026 10:00:00 +0100\r\nMessage-ID: <a@example.test>\r\n" +
	"In-Reply-To: <q@sportello.test>\r\nReferences: <p@sportello.test> <q@sportello.test>\r\nMIME-Version: 1.0\r\nX-Spam-Flag: YES\r\n" +
	"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\n" +
	"Costa 10 \x80, va bene.\r\n\r\nOn Mon, 2 Nov 2026 at 09:00, Support <support@sportello.test> wrote:\r\n> Va bene?\r\n\r\n" +
	"--b\r\nContent-Type: application/pdf; name=\"fattura.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQK\r\n--b--\r\n"

// One JSON object per file, with exactly these keys, in the order of the files; a file that is no mail costs only itself.
func TestMailExplainJSON(t *testing.T) {
	out, names, code := explainMails(t, []string{"--json", "--own", "support@sportello.test"}, explainedMail, "\x89PNG no mail at all", "Subject: x\n\n")
	if code != 1 {
		t.Errorf("exit status %d", code)
	}
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines: %s", len(lines), out)
	}
	for i, line := range lines {
		if got := keysOf(t, line); !slices.Equal(got, explainKeys) {
			t.Errorf("line %d has keys %v", i, got)
		}
		var e explained
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.File != names[i] || e.OK != (i != 1) {
			t.Errorf("line %d: %v %+v", i, err, e)
		}
		for _, list := range []string{"to", "cc", "in_reply_to", "references", "attachments"} {
			if strings.Contains(line, `"`+list+`":null`) {
				t.Errorf("line %d: %s is null", i, list)
			}
		}
	}
	var e explained
	if err := json.Unmarshal([]byte(lines[0]), &e); err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(e.From, " ", e.FromName, " ", e.ReplyTo, " ", e.To, " ", e.Cc, " ", e.Date, " ", e.MessageID, " ", e.InReplyTo, " ", e.References, " ", e.Thread, " ", e.Spam)
	want := "anna@example.test Anna Rossi other@elsewhere.test [support+k7xq.2mno@sportello.test b@x.it] [c@x.it] 2026-11-02T09:00:00Z a@example.test " +
		"[q@sportello.test] [p@sportello.test q@sportello.test] {token none} true"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if e.Reply != "Costa 10 €, va bene." || !strings.Contains(e.Quoted, "> Va bene?") || e.Signature != "" {
		t.Errorf("reply %q, quoted %q", e.Reply, e.Quoted)
	}
	if len(e.Files) != 1 || e.Files[0].SHA256 != "e5c62df5dab5c87b6a015ef3d43597074d1eec433b15f51aec63b8582d0e4ab4" {
		t.Errorf("files %+v", e.Files)
	}
	if !strings.Contains(lines[1], `"error":"no mail`) {
		t.Error(lines[1])
	}
}

// Thousands of files are read beside each other and printed in order.
func TestMailExplainManyInOrder(t *testing.T) {
	mails := make([]string, 500)
	for i := range mails {
		mails[i] = strings.Replace(explainedMail, "<a@example.test>", fmt.Sprintf("<m%d@example.test>", i), 1)
	}
	start := time.Now()
	out, _, code := explainMails(t, []string{"--json"}, mails...)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if code != 0 || len(lines) != len(mails) {
		t.Fatalf("exit status %d, %d lines", code, len(lines))
	}
	for i, line := range lines {
		if !strings.Contains(line, fmt.Sprintf(`"message_id":"m%d@example.test"`, i)) {
			t.Fatalf("line %d is another mail's: %.200s", i, line)
		}
	}
	t.Logf("%d mails in %v", len(mails), time.Since(start))
}

// Without --json a person reads it: only what is there, text in full.
func TestMailExplainForAPerson(t *testing.T) {
	out, _, code := explainMails(t, nil, explainedMail)
	for _, want := range []string{"from         Anna Rossi <anna@example.test>", "threaded by  in_reply_to", "file         fattura.pdf (application/pdf, 9 bytes)",
		"reply        Costa 10 €, va bene.", "spam ", "warnings     reply_to_differs"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	if code != 0 || strings.Contains(out, "bounce") || strings.Contains(out, "cc           \n") {
		t.Errorf("exit status %d\n%s", code, out)
	}
}

func TestMailExplainRefusesWrongFlags(t *testing.T) {
	var out, errout bytes.Buffer
	if code := run(t.Context(), []string{"mail", "explain", "--own", "nobody", "x"}, nil, &out, &errout); code != 1 || !strings.Contains(errout.String(), "--own") {
		t.Errorf("%d %s", code, &errout)
	}
	if code := run(t.Context(), []string{"mail", "explain"}, nil, &out, &errout); code != 2 {
		t.Errorf("without a file: %d", code)
	}
}
