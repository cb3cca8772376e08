package channeltest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Kept mails are files "00000001.eml" in a directory per mailbox, numbered without gaps. The IMAP server counts UIDs from 1 under a
// UIDVALIDITY of 1, so mails brought back in this order have the UIDs that they had. The file's time is the INTERNALDATE.

// keepMail writes a mail durably under its number, before it is delivered.
func (s *MailServer) keepMail(address string, number int, m Mail) error {
	dir := s.path(address)
	if dir == "" {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	name := filepath.Join(dir, fmt.Sprintf("%08d.eml", number))
	if err := os.WriteFile(name+".part", m.Raw, 0o600); err != nil {
		return err
	}
	if err := os.Chtimes(name+".part", m.Received, m.Received); err != nil {
		return err
	}
	return os.Rename(name+".part", name)
}

// loadMails reads a mailbox's mails in order.
func (s *MailServer) loadMails(address string) ([]Mail, error) {
	dir := s.path(address)
	if dir == "" {
		return nil, nil
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.eml"))
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var mails []Mail
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		info, err := os.Stat(name)
		if err != nil {
			return nil, err
		}
		from, _ := returnPath(raw)
		mails = append(mails, Mail{From: from, To: address, Received: info.ModTime().UTC().Truncate(time.Second), Raw: raw})
	}
	return mails, nil
}

// returnPath reads the envelope sender from the field that delivery put on top.
func returnPath(raw []byte) (string, bool) {
	line, _, _ := bytes.Cut(raw, []byte("\r\n"))
	value, ok := strings.CutPrefix(string(line), "Return-Path: ")
	return strings.Trim(value, "<>"), ok
}
