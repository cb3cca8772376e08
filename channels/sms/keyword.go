package sms

import (
	"slices"
	"strings"
	"unicode"

	"sportello/channels"
)

// Keywords are the consent words of an account beyond those of the provider. A zero value stands for LocalKeywords of the
// account's country.
type Keywords struct {
	OptOut []string
	OptIn  []string
	Help   []string
}

// ProviderKeywords are the words that Twilio itself acts upon and answers, in upper case (M-17).
func ProviderKeywords() Keywords {
	return Keywords{
		OptOut: []string{"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "OPT OUT"},
		OptIn:  []string{"START", "YES", "UNSTOP"},
		Help:   []string{"HELP", "INFO"},
	}
}

// LocalKeywords are the words that people of a country use. The provider does not know them: it neither blocks nor answers.
func LocalKeywords(country string) Keywords {
	if country != "IT" {
		return Keywords{}
	}
	return Keywords{
		OptOut: []string{"BASTA", "ANNULLA", "DISISCRIVI", "DISISCRIVIMI", "CANCELLAMI"},
		OptIn:  []string{"RIATTIVA", "ISCRIVIMI"},
		Help:   []string{"AIUTO"},
	}
}

func (k Keywords) isZero() bool { return k.OptOut == nil && k.OptIn == nil && k.Help == nil }

// match returns what text asks for when the whole of it is one of the words, whatever its case, spacing and punctuation.
func (k Keywords) match(text string) channels.Auto {
	word := fold(text)
	if word == "" {
		return channels.AutoNone
	}
	is := func(w string) bool { return fold(w) == word }
	switch {
	case slices.ContainsFunc(k.OptOut, is):
		return channels.AutoOptOut
	case slices.ContainsFunc(k.OptIn, is):
		return channels.AutoOptIn
	case slices.ContainsFunc(k.Help, is):
		return channels.AutoHelpRequest
	}
	return channels.AutoNone
}

// Consent says what a text asks for. optOutType is the provider's own verdict (its OptOutType field), which goes first; local are
// the account's further words. byProvider is true when the provider acts on the word and answers it, so that nobody else may (M-18).
//
// Only a whole message counts: "STOP" is an opt-out, "please stop by tomorrow" is not. Pure.
func Consent(text, optOutType string, local Keywords) (ask channels.Auto, byProvider bool) {
	switch strings.ToUpper(strings.TrimSpace(optOutType)) {
	case "STOP":
		return channels.AutoOptOut, true
	case "START":
		return channels.AutoOptIn, true
	case "HELP":
		return channels.AutoHelpRequest, true
	}
	if ask := ProviderKeywords().match(text); ask != channels.AutoNone {
		return ask, true
	}
	return local.match(text), false
}

const suspectWords = 8 // longer texts are conversation, not a wish to be left alone

// SuspectedOptOut reports whether a short text that is not a keyword still reads like one ("stop please!", "ok basta"): it begins
// or ends with an opt-out word. It is a hint for the agent, who decides; nothing is withdrawn by it. Pure.
func SuspectedOptOut(text string, local Keywords) bool {
	words := strings.Fields(fold(text))
	if len(words) < 2 || len(words) > suspectWords {
		return false
	}
	known := Keywords{OptOut: append([]string{"STOP", "STOPALL", "UNSUBSCRIBE", "OPTOUT"}, local.OptOut...)}
	return known.match(trimMarks(words[0])) == channels.AutoOptOut || known.match(trimMarks(words[len(words)-1])) == channels.AutoOptOut
}

// fold returns text in upper case, without marks and space around it, with single spaces within.
func fold(s string) string {
	return strings.Join(strings.Fields(trimMarks(strings.ToUpper(s))), " ")
}

func trimMarks(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
