package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"

	"sportello/channels/email/field"
	"sportello/channels/email/letter"
	"sportello/channels/email/seal"
)

type mailCmd struct {
	Explain explainCmd `cmd:"" help:"Read mails from files and say what is understood of each."`
	Retry   retryCmd   `cmd:"" help:"Have mails tried again that could not be taken in and are held back."`
	Reparse reparseCmd `cmd:"" help:"Read the mails of the record anew from their raw form, after the reading was mended. Nobody is notified, nothing is doubled."`
}

const explainLimit = 64 << 20 // bytes of a file that are read

type explainCmd struct {
	Files    []string `arg:"" name:"file" help:"Files of one mail each, as they came (RFC 5322); - is the standard input."`
	JSON     bool     `name:"json" help:"Print one JSON object per file and line."`
	Own      []string `help:"An address of ours, by which mail that came back and reply tokens are known. May be repeated." placeholder:"ADDR" sep:"none"`
	Authserv []string `help:"An authserv-id whose Authentication-Results are believed. May be repeated." placeholder:"ID" sep:"none"`

	SMIMEKey   []string `name:"smime-key" help:"A private key and its certificate in one PEM file, to open S/MIME with. May be repeated." placeholder:"FILE" sep:"none"`
	SMIMERoot  []string `name:"smime-root" help:"Certificates that are believed about signers, beside the system's. May be repeated." placeholder:"FILE" sep:"none"`
	PGPKey     []string `name:"pgp-key" help:"Secret keys, to open OpenPGP with. May be repeated." placeholder:"FILE" sep:"none"`
	Passphrase string   `name:"pgp-passphrase" help:"A file with the passphrase of those keys." placeholder:"FILE"`
	PGPKnown   []string `name:"pgp-known" help:"Public keys of people whose signatures are believed. May be repeated." placeholder:"FILE" sep:"none"`
}

// keys reads the files of keys.
func (c *explainCmd) keys() (*seal.Keys, error) {
	f := seal.Files{Roots: c.SMIMERoot, Known: c.PGPKnown}
	for _, name := range c.SMIMEKey {
		f.SMIME = append(f.SMIME, seal.SMIMEFile{Key: name})
	}
	for _, name := range c.PGPKey {
		f.PGP = append(f.PGP, seal.PGPFile{Key: name, Passphrase: c.Passphrase})
	}
	keys, errs := seal.Load(f)
	return keys, errors.Join(errs...)
}

// Run reads the files, as many at a time as there are processors, and prints them in order. It needs no settings and no record. It
// exits with 1 when one of them is no mail.
func (c *explainCmd) Run(w *world) error {
	keys, err := c.keys()
	if err != nil {
		return err
	}
	reading := letter.Reading{AuthServs: c.Authserv, Keys: keys}
	for _, own := range c.Own {
		addr, ok := field.Normal(own)
		if !ok {
			return fmt.Errorf("--own: %q is not a mail address", own)
		}
		reading.Own = append(reading.Own, addr)
	}
	out := bufio.NewWriter(w.out)
	failed := false
	var wrong error
	explainAll(c.Files, reading, func(e explained) bool {
		failed = failed || !e.OK
		if c.JSON {
			wrong = e.writeJSON(out)
		} else {
			wrong = e.writeText(out)
		}
		return wrong == nil && w.ctx.Err() == nil
	})
	if err := errors.Join(wrong, out.Flush(), w.ctx.Err()); err != nil {
		return err
	}
	if failed {
		return errQuiet
	}
	return nil
}

// explainAll reads the files beside each other and gives the results to print in the order of the files, until print returns false.
// No more than a few results per processor wait to be printed.
func explainAll(files []string, r letter.Reading, print func(explained) bool) {
	workers := min(runtime.GOMAXPROCS(0), len(files))
	type task struct {
		file string
		done chan explained
	}
	tasks, ordered, stop := make(chan task), make(chan task, 4*workers), make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() {
		defer close(tasks)
		defer close(ordered)
		for _, f := range files {
			t := task{f, make(chan explained, 1)}
			select {
			case ordered <- t:
			case <-stop:
				return
			}
			tasks <- t
		}
	})
	for range workers {
		work.Go(func() {
			for t := range tasks {
				t.done <- explainFile(t.file, r)
			}
		})
	}
	stopped := false
	for t := range ordered {
		if e := <-t.done; !stopped && !print(e) {
			stopped = true
			close(stop)
		}
	}
	work.Wait()
}

// explainFile reads one file. A panic in the reading is an error of this file.
func explainFile(name string, r letter.Reading) (e explained) {
	defer func() {
		if p := recover(); p != nil {
			e = notExplained(name, fmt.Sprintf("not read: %v", p))
		}
	}()
	raw, size, err := readFile(name)
	if err != nil {
		return notExplained(name, err.Error())
	}
	if !isMail(raw) {
		return notExplained(name, "no mail: it has no header fields of one")
	}
	r.Cut, r.Size = size > int64(len(raw)), size
	return explain(name, letter.Read(raw, r))
}

// readFile returns the beginning of a file and its size.
func readFile(name string) ([]byte, int64, error) {
	var in io.Reader = os.Stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, 0, err
		}
		defer f.Close()
		in = f
	}
	raw, err := io.ReadAll(io.LimitReader(in, explainLimit+1))
	if err != nil {
		return nil, 0, err
	}
	if len(raw) > explainLimit {
		return raw[:explainLimit], int64(len(raw)), nil
	}
	return raw, int64(len(raw)), nil
}

// isMail reports whether something is a mail at all: its header has one of the fields that only mails have.
func isMail(raw []byte) bool {
	h, _ := field.Split(field.TrimMailbox(raw))
	for _, name := range []string{"from", "to", "cc", "subject", "date", "message-id", "received", "return-path", "delivered-to", "sender",
		"reply-to", "mime-version", "content-type"} {
		if h.Has(name) {
			return true
		}
	}
	return false
}
