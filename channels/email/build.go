package email

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"github.com/jhillyerd/enmime/v2"

	"sportello/channels"
	"sportello/channels/email/field"
	"sportello/channels/email/letter"
)

const (
	referencesSent  = 20  // ids in a References field that we write (E-26)
	longLine        = 900 // octets; text with a longer line is sent quoted-printable (RFC 5322 section 2.1.1: 998)
	subjectSent     = 500 // runes
	attachmentLimit = 100 // files
)

// compose writes out as a mail. The same Outbound yields the same bytes at every attempt, so that a mail sent twice after an
// uncertain outcome is one mail to whoever compares.
func (a *Adapter) compose(ctx context.Context, out channels.Outbound) ([]byte, error) {
	text := toCRLF(out.Text)
	markup := out.HTML
	if markup == "" {
		markup = textHTML(out.Text)
	}
	b := enmime.Builder().From("", a.cfg.Address).To("", a.cfg.Address). // only the body of what is built is used
										RandSeed(seed(out.ID)).Text([]byte(text)).HTML([]byte(toCRLF(markup)))
	if len(out.Parts) > attachmentLimit {
		return nil, &channels.Fault{Class: channels.Permanent, Code: channels.CodeTooLarge, Detail: "too many attachments"}
	}
	left := a.cfg.MaxSize
	for i, part := range out.Parts {
		data, err := a.readPart(ctx, part, left)
		if err != nil {
			return nil, err
		}
		left -= int64(len(data))
		kind := sendType(part.Type)
		name := letter.SafeName(part.Name, kind, i+1)
		if part.Inline && part.CID != "" {
			b = b.AddInline(data, kind, name, part.CID)
		} else {
			b = b.AddAttachment(data, kind, name)
		}
	}
	root, err := b.Build()
	if err != nil {
		return nil, fmt.Errorf("build mail: %w", err)
	}
	clear(root.Header)
	root.DepthMatchAll(func(p *enmime.Part) bool {
		if strings.HasPrefix(p.ContentType, "text/") && hasLongLine(p.Content) {
			p.WithEncoder(enmime.NewEncoder(enmime.ForceQuotedPrintableCte(true)))
		}
		return false
	})
	var mail bytes.Buffer
	a.writeHeader(&mail, out)
	if err := root.Encode(&mail); err != nil {
		return nil, fmt.Errorf("encode mail: %w", err)
	}
	return mail.Bytes(), nil
}

// readPart reads an attachment from the vault, at most limit bytes.
func (a *Adapter) readPart(ctx context.Context, part channels.Part, limit int64) ([]byte, error) {
	r, err := a.deps.Vault.Open(ctx, part.Blob)
	if err != nil {
		return nil, fmt.Errorf("open attachment: %w", err)
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read attachment: %w", err)
	}
	if int64(len(data)) > limit {
		return nil, &channels.Fault{Class: channels.Permanent, Code: channels.CodeTooLarge, Detail: "attachments exceed the limit of size"}
	}
	return data, nil
}

// sendType returns a media type that a part may be sent under. A mail within a mail would have to be sent unencoded (RFC 2046
// section 5.2.1) whatever its lines, so it goes as a plain file.
func sendType(kind string) string {
	if !strings.Contains(kind, "/") || strings.HasPrefix(kind, "message/") || strings.HasPrefix(kind, "multipart/") {
		return "application/octet-stream"
	}
	return kind
}

// seed derives the boundaries of a mail from its id.
func seed(id string) int64 {
	sum := sha256.Sum256([]byte(id))
	return int64(binary.BigEndian.Uint64(sum[:8]) >> 1)
}

// toCRLF makes CR LF of every line end and removes characters that may not stand in a mail.
func toCRLF(s string) string {
	return strings.ReplaceAll(field.Clean(s), "\n", "\r\n")
}

func hasLongLine(content []byte) bool {
	for line := range bytes.SplitSeq(content, []byte("\n")) {
		if len(line) > longLine {
			return true
		}
	}
	return false
}
