package customer

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// mostWords bounds a search.
const mostWords = 6

// Find lists customers by name, address or number, those who changed last first. Every word must be found in the name (case and
// accents do not matter) or in an address; digits with spaces, dots, dashes or brackets are one number.
func (b *Book) Find(ctx context.Context, query string, limit int) ([]Customer, error) {
	words := searchWords(query)
	if len(words) == 0 {
		return nil, nil
	}
	var where strings.Builder
	args := []any{limit}
	for _, w := range words {
		args = append(args, "%"+escapeLike(w)+"%")
		fmt.Fprintf(&where, ` AND (c.search LIKE $%[1]d ESCAPE '\' OR EXISTS (SELECT 1 FROM identity i
			WHERE i.customer_id = c.id AND i.value LIKE $%[1]d ESCAPE '\'))`, len(args))
	}
	ids, err := list(ctx, b.db, func(rows *sql.Rows) (id ID, err error) { return id, rows.Scan(&id) },
		`SELECT c.id FROM customer c WHERE c.merged_into IS NULL`+where.String()+` ORDER BY c.updated_at DESC, c.id DESC LIMIT $1`, args...)
	if err != nil {
		return nil, fmt.Errorf("find customers: %w", err)
	}
	found := make([]Customer, 0, len(ids))
	for _, id := range ids {
		c, err := b.Get(ctx, b.db, id)
		if err != nil {
			return nil, fmt.Errorf("find customers: %w", err)
		}
		found = append(found, c)
	}
	return found, nil
}

// Fold is a text as it is searched: lower case, without accents.
func Fold(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(s))
}

func searchWords(query string) []string {
	query = Fold(strings.ToValidUTF8(strings.ReplaceAll(query, "\x00", ""), ""))
	if digits, ok := number(query); ok {
		return []string{digits}
	}
	words := strings.Fields(query)
	return words[:min(len(words), mostWords)]
}

// number is the digits of a text that has nothing but digits and what people write between them.
func number(s string) (string, bool) {
	var digits strings.Builder
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits.WriteRune(r)
		case !strings.ContainsRune("+ .-()/", r):
			return "", false
		}
	}
	return digits.String(), digits.Len() > 0
}

func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}
