package router

import (
	"fmt"
	"strings"

	"sportello/inbox"
)

// Sentence prints a decision as a person would say it, in Italian ("it", "it-IT") or else in English. It is for logs, the doctor and
// the command line; the console prints its own from the same data.
//
//	Offerta ad Anna perché parla italiano (4) ed era la persona libera da più tempo (6 min). Marco: al completo. Altre 11 persone: fuori coda.
func Sentence(d inbox.Decision, lang string) string {
	w := english
	if lang == "it" || strings.HasPrefix(lang, "it-") {
		w = italian
	}
	head := w.head(d)
	for _, g := range d.Excluded {
		if s := w.group(g); s != "" {
			head += " " + s
		}
	}
	return head
}

// words is one language.
type words struct {
	to       func(name string) string
	offered  string // to whom
	assigned string
	why, and string // before the reasons, and between the skills and the rest
	speaks   string // before a language
	knows    string // before any other skill
	because  map[string]string
	rule     string // queue, name of the rule
	otherwise,
	nobody, stickyWait, lost string
	codes           map[string]string
	another, others string // one person more, and how many
	second, minute,
	hour string
}

var italian = words{
	to: func(name string) string {
		if strings.HasPrefix(strings.ToLower(name), "a") {
			return "ad " + name
		}
		return "a " + name
	},
	offered: "Offerta", assigned: "Assegnata", why: "perché ", and: " e ", speaks: "parla ", knows: "conosce ",
	because: map[string]string{
		ReasonLongestIdle: "perché era la persona libera da più tempo (%s)",
		ReasonOnlyOne:     "perché nessun altro poteva prenderla",
		ReasonSticky:      "perché l'aveva già seguita",
		ReasonTaken:       "perché l'ha presa di sua iniziativa",
	},
	rule: "In coda %s per la regola %d, «%s».", otherwise: "In coda %s perché nessun'altra regola valeva.",
	nobody: "In attesa da %s: nessuno può prenderla ora.", stickyWait: "In attesa da %s: aspetta %s, che l'aveva già seguita.",
	lost: "Di nuovo in coda %s perché chi la seguiva non è più raggiungibile.",
	codes: map[string]string{
		NotInQueue: "fuori coda", Unreachable: "irraggiungibile", Away: "assente", NoSkill: "senza la competenza richiesta",
		SkillTooLow: "competenza troppo bassa", MissedThis: "l'ha già rifiutata o lasciata scadere", AtCapacity: "al completo",
		OfferPending: "ha già un'offerta aperta",
	},
	another: "un'altra persona", others: "altre %d persone",
	second: "s", minute: "min", hour: "h",
}

var english = words{
	to:      func(name string) string { return "to " + name },
	offered: "Offered", assigned: "Assigned", why: "because ", and: " and ", speaks: "they speak ", knows: "they know ",
	because: map[string]string{
		ReasonLongestIdle: "because they had been free the longest (%s)",
		ReasonOnlyOne:     "because nobody else could take it",
		ReasonSticky:      "because they had it before",
		ReasonTaken:       "because they took it themselves",
	},
	rule: "Queued in %s by rule %d, “%s”.", otherwise: "Queued in %s because no other rule matched.",
	nobody: "Waiting for %s: nobody can take it now.", stickyWait: "Waiting for %s: held for %s, who had it before.",
	lost: "Back in %s because whoever had it cannot be reached any more.",
	codes: map[string]string{
		NotInQueue: "not in the queue", Unreachable: "unreachable", Away: "away", NoSkill: "lacking a required skill",
		SkillTooLow: "skill too low", MissedThis: "declined or missed it", AtCapacity: "at capacity",
		OfferPending: "looking at another offer",
	},
	another: "one other", others: "%d others",
	second: "s", minute: "min", hour: "h",
}

func (w words) head(d inbox.Decision) string {
	name := d.AgentName
	if name == "" {
		name = string(d.Agent)
	}
	switch {
	case d.Reason == ReasonRule && d.Rule != "":
		return fmt.Sprintf(w.rule, d.Queue, d.RuleIndex, d.Rule)
	case d.Reason == ReasonRule:
		return fmt.Sprintf(w.otherwise, d.Queue)
	case d.Reason == ReasonAgentLost:
		return fmt.Sprintf(w.lost, d.Queue)
	case d.Reason == ReasonStickyWait:
		return fmt.Sprintf(w.stickyWait, w.span(d.WaitSeconds), name)
	case d.Agent == "":
		return fmt.Sprintf(w.nobody, w.span(d.WaitSeconds))
	}
	verb := w.assigned
	if d.Offer != "" {
		verb = w.offered
	}
	because := w.because[d.Reason]
	if strings.Contains(because, "%s") {
		because = fmt.Sprintf(because, w.span(d.IdleSeconds))
	}
	if skills := w.skills(d.Skills); skills != "" {
		because = w.join(skills, strings.TrimPrefix(because, w.why))
	}
	return strings.TrimSuffix(verb+" "+w.to(name)+" "+because, " ") + "."
}

// join puts the skills before the other reason: "perché parla italiano (4) ed era la persona libera da più tempo".
func (w words) join(skills, because string) string {
	and := w.and
	if and == " e " && strings.HasPrefix(because, "e") {
		and = " ed "
	}
	if because == "" {
		and = ""
	}
	return w.why + skills + and + because
}

// skills are the agent's own levels of what was required: "parla italiano (4), conosce fatture (3)".
func (w words) skills(has []inbox.Requirement) string {
	said := make([]string, len(has))
	for i, s := range has {
		verb := w.knows
		if isLanguage(s.Skill) {
			verb = w.speaks
		}
		said[i] = fmt.Sprintf("%s%s (%d)", verb, short(s.Skill), s.Level)
	}
	return strings.Join(said, ", ")
}

// isLanguage reports whether a skill is the name of a language, as houses in Italy and elsewhere write it.
func isLanguage(skill string) bool {
	switch strings.ToLower(skill) {
	case "italiano", "inglese", "tedesco", "francese", "spagnolo", "portoghese", "rumeno", "russo", "ucraino", "polacco", "albanese",
		"arabo", "cinese", "giapponese", "olandese", "sloveno", "croato", "greco", "turco", "italian", "english", "german", "french",
		"spanish", "portuguese", "romanian", "russian", "ukrainian", "polish", "albanian", "arabic", "chinese", "japanese", "dutch",
		"slovenian", "croatian", "greek", "turkish", "deutsch", "français", "español":
		return true
	}
	return false
}

// group is one reason with those it rules out: "Marco, Lea e altre 2 persone: al completo."
func (w words) group(g inbox.ExcludedAgents) string {
	word, known := w.codes[g.Code]
	if !known {
		word = g.Code
	}
	names := append([]string{}, g.Agents...)
	if more := g.Count - len(g.Agents); more > 0 {
		names = append(names, w.more(more, len(names) == 0))
	}
	if len(names) == 0 {
		return ""
	}
	return strings.Join(names, ", ") + ": " + word + "."
}

// more is how many others there are; first is true at the beginning of a sentence.
func (w words) more(n int, first bool) string {
	s := w.another
	if n > 1 {
		s = fmt.Sprintf(w.others, n)
	}
	if first {
		s = strings.ToUpper(s[:1]) + s[1:]
	}
	return s
}

// span is a time in its largest whole unit.
func (w words) span(seconds int64) string {
	switch {
	case seconds < 60:
		return fmt.Sprintf("%d %s", seconds, w.second)
	case seconds < 3600:
		return fmt.Sprintf("%d %s", seconds/60, w.minute)
	}
	return fmt.Sprintf("%d %s", seconds/3600, w.hour)
}
