package inbox

import (
	"fmt"
	"strconv"
	"strings"
)

// A conversation's number in a subject, "[#1042-9]", is for people, and the last resort for programs that drop every other trace of what they
// answer (E-22). It proves nothing: whoever can count can write one. The last digit is a check digit, so that a number that somebody
// mistyped, or that belongs to another system, is not taken for one of ours.

// tagOf is the tag of a conversation.
func tagOf(number int64) string { return fmt.Sprintf("[#%d-%d]", number, checkDigit(number)) }

// readTag is the number that a tag, without its brackets, names.
func readTag(tag string) (number int64, ok bool) {
	digits, check, ok := strings.Cut(tag, "-")
	number, err := strconv.ParseInt(digits, 10, 64)
	return number, ok && err == nil && number > 0 && digits[0] != '+' && check == strconv.Itoa(checkDigit(number))
}

// damm is a quasigroup of order 10 without a fixed point but on its diagonal: it tells every single wrong digit and every two that changed
// places (H. M. Damm, Total anti-symmetrische Quasigruppen, 2004).
var damm = [10][10]int{
	{0, 3, 1, 7, 5, 9, 8, 6, 4, 2}, {7, 0, 9, 2, 1, 5, 4, 8, 6, 3}, {4, 2, 0, 6, 8, 7, 1, 3, 5, 9}, {1, 7, 5, 0, 9, 8, 3, 4, 2, 6},
	{6, 1, 2, 3, 0, 4, 5, 9, 7, 8}, {3, 6, 7, 4, 2, 0, 9, 5, 8, 1}, {5, 8, 6, 9, 7, 2, 0, 1, 3, 4}, {8, 9, 4, 5, 3, 6, 2, 0, 1, 7},
	{9, 4, 3, 8, 6, 1, 7, 2, 0, 5}, {2, 5, 8, 1, 4, 3, 6, 7, 9, 0},
}

func checkDigit(number int64) (check int) {
	for _, d := range strconv.FormatInt(number, 10) {
		check = damm[check][d-'0']
	}
	return check
}
