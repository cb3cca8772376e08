package demo

import (
	"time"

	"sportello/channels"
)

// history is what happened before the demo began. Times count back from now.
func (s *seeder) history(now time.Time) {
	at := func(ago time.Duration) { s.clock = now.Add(-ago) }
	const day = 24 * time.Hour
	people := People()
	anna, luca, sara, john := people[0], people[1], people[2], people[3]

	at(230 * day)
	c := s.writes(anna, channels.Email, "Civetta: paralume graffiato", "Buongiorno,\n\nla Civetta è arrivata oggi, bellissima, ma il paralume ha un graffio lungo un dito. Posso cambiarlo?\n\nGrazie,\nAnna Rossi\nordine 7731")
	s.about(c, anna, "Cliente dal 2019. Preferisce essere richiamata dopo le 17.")
	at(230*day - 40*time.Minute)
	s.taken(c, Support, "marco")
	s.notes(c, "marco", "Marco Riva", "Foto vista: è un difetto nostro, non del trasporto. Ne mando uno nuovo senza chiedere il reso.")
	at(230*day - 50*time.Minute)
	s.answers(c, "marco", "Marco", channels.Email, "Buongiorno Anna,\n\nci dispiace: il graffio è un nostro difetto. Domani parte un paralume nuovo, e quello graffiato può tenerlo.\n\nMarco")
	s.closes(c, "marco", "resolved")
	at(228 * day)
	c = s.writes(anna, channels.SMS, "", "Paralume arrivato, perfetto. Grazie Marco!")
	s.taken(c, Support, "marco")
	at(228*day - time.Hour)
	s.answers(c, "marco", "Marco", channels.SMS, "Che bello, grazie a lei! Marco, Bottega Lume")
	s.closes(c, "marco", "resolved")

	at(19 * day)
	c = s.writes(luca, channels.SMS, "", "Ciao, la Maestrale esiste anche in vetro verde?")
	s.about(c, luca, "")
	at(19*day - 6*time.Minute)
	s.taken(c, Sales, "giulia")
	s.answers(c, "giulia", "Giulia", channels.SMS, "Ciao Luca! In verde la soffiamo su richiesta, in tre settimane: 169 €. La prenoto?")
	at(19*day - 20*time.Minute)
	s.writes(luca, channels.SMS, "", "Ci penso, grazie")
	at(18 * day)
	s.closes(c, "giulia", "resolved")

	at(9 * day)
	c = s.writes(sara, channels.SMS, "", "STOP")
	s.about(c, sara, "")

	at(6 * day)
	c = s.writes(john, channels.Email, "Shipping to Edinburgh", "Hello,\n\ndo you ship the Lucciola to Edinburgh, and how long does it take?\n\nBest,\nJohn")
	s.about(c, john, "")
	at(6*day - 3*time.Hour)
	s.taken(c, Sales, "lea")
	s.answers(c, "lea", "Lea", channels.Email, "Hello John,\n\nwe do: 18 € and four working days, in a box that survives anything.\n\nLea, Bottega Lume")
	at(5 * day)
	s.closes(c, "lea", "resolved")

	at(25 * time.Hour)
	elio := Person{Name: "Elio Fabbri", Email: "elio.fabri@posta.example", Phone: "+393475556677", Locale: "it"}
	c = s.writes(elio, channels.SMS, "", "La Civetta c’è in ottone scuro? Mi scriva per mail: elio.fabri@posta.example")
	s.about(c, elio, "")
	at(21 * time.Hour)
	s.taken(c, Support, "giulia")
	s.answers(c, "giulia", "Giulia", channels.Email, "Buongiorno Elio,\n\nsì, in ottone brunito, a 149 €. Gliene metto da parte una?\n\nGiulia") // the last mail of all: its report is among the letters

	// Three who wait now.
	at(26 * time.Minute)
	s.writes(sara, channels.Email, "Fattura dell’ordine 8102", "Buongiorno,\n\nmi serve la fattura dell’ordine 8102 intestata alla ditta: Colombo Interni, P. IVA 01234567897.\n\nGrazie\nSara Colombo")
	at(11 * time.Minute)
	s.writes(john, channels.Email, "The dimmer hums", "Hello,\n\nthe Lucciola arrived quickly, thank you. The dimmer hums a little at the lowest setting. Is that normal?\n\nJohn")
	at(4 * time.Minute)
	s.writes(luca, channels.SMS, "", "Ok per la Maestrale verde a 169 €. Come pago?")
}
