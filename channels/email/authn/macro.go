package authn

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// expand replaces the macros of a domain-spec (RFC 7208 section 7) and cuts the result to what can be a name.
func (s *spfCheck) expand(ctx context.Context, spec, domain string) (string, error) {
	var out strings.Builder
	for i := 0; i < len(spec); i++ {
		if spec[i] != '%' {
			if spec[i] <= ' ' || spec[i] > '~' {
				return "", verdict(PermError)
			}
			out.WriteByte(spec[i])
			continue
		}
		i++
		switch {
		case i == len(spec):
			return "", verdict(PermError)
		case spec[i] == '%':
			out.WriteByte('%')
		case spec[i] == '_':
			out.WriteByte(' ')
		case spec[i] == '-':
			out.WriteString("%20")
		case spec[i] == '{':
			end := strings.IndexByte(spec[i:], '}')
			if end < 0 {
				return "", verdict(PermError)
			}
			value, err := s.macro(ctx, spec[i+1:i+end], domain)
			if err != nil {
				return "", err
			}
			out.WriteString(value)
			i += end
		default:
			return "", verdict(PermError)
		}
	}
	name := strings.ToLower(strings.TrimSuffix(out.String(), "."))
	for len(name) > 253 {
		_, rest, ok := strings.Cut(name, ".")
		if !ok {
			return "", verdict(PermError)
		}
		name = rest
	}
	return name, nil
}

// macro is one macro without its braces: a letter, how many parts to keep, r to turn them round, and what parts them.
func (s *spfCheck) macro(ctx context.Context, m, domain string) (string, error) {
	if m == "" {
		return "", verdict(PermError)
	}
	value, err := s.letter(ctx, m[0], domain)
	if err != nil {
		return "", err
	}
	rest := m[1:]
	digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
	keep := 0
	if digits > 0 {
		if keep, err = strconv.Atoi(rest[:digits]); err != nil || keep == 0 {
			return "", verdict(PermError)
		}
	}
	rest = rest[digits:]
	turn := rest != "" && (rest[0] == 'r' || rest[0] == 'R')
	if turn {
		rest = rest[1:]
	}
	if strings.Trim(rest, ".-+,/_=") != "" {
		return "", verdict(PermError)
	}
	if rest == "" {
		rest = "."
	}
	parts := strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(rest, r) })
	if turn {
		slices.Reverse(parts)
	}
	if keep > 0 && keep < len(parts) {
		parts = parts[len(parts)-keep:]
	}
	value = strings.Join(parts, ".")
	if m[0] >= 'A' && m[0] <= 'Z' {
		value = url.QueryEscape(value)
	}
	return value, nil
}

// letter is what a macro letter stands for.
func (s *spfCheck) letter(ctx context.Context, c byte, domain string) (string, error) {
	local, at, _ := strings.Cut(s.sender, "@")
	switch c | 0x20 {
	case 's':
		return s.sender, nil
	case 'l':
		return local, nil
	case 'o':
		return at, nil
	case 'd':
		return domain, nil
	case 'h':
		return s.hello, nil
	case 'i':
		return dotted(s), nil
	case 'v':
		if s.ip.Is4() {
			return "in-addr", nil
		}
		return "ip6", nil
	case 'p': // RFC 7208 section 7.3 advises against it; it is not worth a lookup
		return "unknown", ctx.Err()
	}
	return "", verdict(PermError) // c, r and t are for explanations only
}

// dotted is the address as macros write it: an IPv6 address nibble by nibble.
func dotted(s *spfCheck) string {
	if s.ip.Is4() {
		return s.ip.String()
	}
	var nibbles []string
	for _, b := range s.ip.As16() {
		nibbles = append(nibbles, fmt.Sprintf("%x.%x", b>>4, b&15))
	}
	return strings.Join(nibbles, ".")
}
