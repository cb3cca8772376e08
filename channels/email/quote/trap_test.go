package quote

import (
	"fmt"
	"testing"
)

// Letters in which nothing is quoted and nothing is a signature, however much they look like it.
var letters0 = []string{
	"On Monday he wrote: the parcel is late. I do not know what to answer.",
	"Ci vediamo lunedì alle 10:30, porto io i documenti: contratto, fattura e ricevuta.",
	"The meeting is on 12 March 2024 at 10:30, with this agenda:\n\nfirst the budget, then the rest.\n\nSee you there.",
	"Agenda for 12/03/2024 at 10:30:\n\n- budget\n- people\n- rooms",
	"Please write to Mario Rossi <mario@acme.example> by 12/03/2024 10:30 with the following data:\n\nname, address and telephone number.",
	"Mi serve questo:\n- pane\n- latte\n- uova\n\nFatemi sapere.",
	"Von: Rom\nNach: Mailand\n\nWir möchten am Montag reisen. Was kostet das?",
	"Hallo,\n\nVon: Rom\nNach: Mailand\nDatum: 12.03.2024\nUhrzeit: 10:30\n\nBitte um ein Angebot.",
	"Da: Roma\nA: Milano\nData: 12/03/2024\nOra: 10:30\n\nQuanto costa il biglietto?",
	"Vorrei prenotare:\n\nDa: Roma\nA: Milano\nIl: 12/03/2024\n\nGrazie mille!",
	"From: which address do you send the parcels? I need it for the customs form.",
	"From: is a keyword in Python. Subject: to what I said, it may change.",
	"The field From: must be filled in, and Subject: too. Is it right?",
	"Nuova richiesta dal sito:\n\nNome: Mario Rossi\nEmail: mario@acme.example\nTelefono: 02 1234567\nData: 12/03/2024 10:30\nMessaggio: vorrei un preventivo per dieci sedie.",
	"New order\n\nName: John Smith\nEmail: john@acme.example\nDate: 12/03/2024 10:30\nProduct: chair\nQuantity: 10",
	"Subject: to change without notice\nPrice: 10 EUR\nDelivery: 3 days",
	"The log says:\n\n> npm ERR! code E404\n> npm ERR! 404 Not Found - GET https://registry.example/x\n> npm ERR! 404\n\nWhat now?",
	"I ran this:\n\n$ make all > out.txt\n$ cat out.txt\n2024-02-05 10:30:12 ERROR cannot open file\n2024-02-05 10:30:13 ERROR giving up\n\nIt fails every time.",
	">>> import os\n>>> os.getcwd()\n'/home/anna'\n\nThat is what I get in Python. Is it right?",
	"I get this in Python:\n\n>>> print(1)\n1\n>>> print(2)\n2\n\nIs it right?",
	"As the poet says:\n\n> Two roads diverged in a wood, and I,\n> I took the one less traveled by.\n\nLovely, no?",
	"| name | price |\n|------|-------|\n| pane | 1.20 |\n| latte | 1.50 |\n\nQuesti sono i prezzi.",
	"Name | Price\nPane | 1,20\nLatte | 1,50",
	"if a > b then\n  x = 1\nelse\n  x = 2\nend\n\nThis is the code.",
	"First part\n\n---\n\nSecond part of the letter, which goes on for a while and says something.\n\n---\n\nThird part, which says something else again.",
	"Title\n-----\n\nWe have three points to discuss with you before the end of the month.\n\nOther title\n-----------\n\nAnd here are some more things to discuss, at length.",
	"--- Dettagli ordine ---\nPane 2 pezzi\nLatte 1 litro\nTotale 4,20 euro",
	"La prima cosa:\n\n-- il pacco è rotto\n-- manca la ricevuta\n\nCosa devo fare?",
	"Ok", "Ok, grazie!", "Grazie", "Thanks!", "Thanks for your help.", "Cordiali saluti", "Sent from my iPhone", "-- \nMario", "Mario Rossi\nAcme Srl\nTel. 02 1234567\nmario@acme.example",
	"The notification was sent from my iPhone app to all users.",
	"I bought a phone last week and it does not start.\n\nIt is an iPhone.",
	"I have an iPhone",
	"Ho un problema con il telefono.\n\nÈ un Samsung Galaxy, modello S21?",
	"With regards to the payment, I sent it on 5 February 2024 at 10:30: please check.",
	"Il mio indirizzo è:\n\nMario Rossi\nVia Roma 1\n20100 Milano\nTel. 02 1234567",
	"Ecco i dati per la fattura:\nAcme Srl\nVia Roma 1, 20100 Milano\nP.IVA 01234567890\nfatture@acme.example",
	"Is this confidential? I would like to know whether the attachment may be passed on to the recipient of the parcel, because he asked me.",
	"Bisogna stampare l'etichetta prima di spedire?",
	"Orari:\n09:00 apertura\n13:00 pausa\n18:30 chiusura\n\nVa bene?",
	"Here are different formats:\n\n2024-01-15 14:30:25\n2024/01/15 14:30\n15.01.2024 14:30\nJan 15, 2024 at 14:30\n\nWhich one do you want?",
	"She wrote: come at once.\nI answered: no.\nWhat would you have done?",
	"Anna ha scritto che il pacco è arrivato il 5 febbraio 2024 alle 10:30 e che manca la ricevuta:\ncosa devo fare adesso?",
	"Il messaggio originale era diverso: diceva che la spedizione era gratis.",
	"Please forward this message to your manager:\n\nwe need ten chairs by Monday.",
	"Potete inoltrare il messaggio al magazzino?\n\nGrazie mille",
	"a < b and b > c\n> c is the largest\nThat is all I know.",
	">= 5 pieces are needed\nor <= 10, depending on the price",
	"Dear Sir,\n\nFROM: the beginning\nTO: the end\n\nthat is the title of the book I am looking for.",
	"1. From: Anna\n2. To: Bob\nare the names on the tickets",
	"Re: your offer\n\nwe accept it. Please send the invoice.",
	"P.S. non ho ricevuto la fattura n. 12 del 05/02/2024.",
	"Warning: the machine makes noise when it starts. What can I do?",
	"Attenzione: il pacco era aperto e mancava un pezzo. Come procediamo?",
	"Salve,\n\nnon va.\n\nGet back to me by phone",
	"Which one?\n\nSamsung Galaxy S21", "Ecco il modello:\n\nSamsung Galaxy S21", "Non funziona.\n\nIl mio Huawei",
	"Happy birthday!\n\nGet Well Soon, Anna", "The papers are ready.\n\nDownload the Invoice",
	"Il 12/03/2024 alle 10:30 il vostro operatore mi ha scritto:\n\nla spedizione parte domani.\n\nMa non è arrivata. Cosa devo fare?",
	"On 12 March 2024 at 10:30 your colleague wrote to me:\n\nit ships tomorrow\n\nIt did not. What now?",
	"Buongiorno,\n\npotete cancellare gli allegati riservati che ho ricevuto per errore dal mittente? Il destinatario era un altro, e la diffusione è vietata.",
	"Attenzione: ho ricevuto una mail esterna.\n\nCosa devo fare?",
	"谢谢！\n我想问一下，我的订单什么时候发货？电话：010-12345678。",
	"こんにちは。\n注文番号12345の商品がまだ届いていません。いつ届きますか？",
	"Здравствуйте!\nЗаказ 12345 не пришёл: что делать?",
}

// E-44: nothing is folded where nothing is quoted.
func TestE44NothingToFold(t *testing.T) {
	for i, text := range letters0 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			if folds := Text(text); len(folds) > 0 {
				reply, signature, quoted := Split(text, folds)
				t.Errorf("%q\n%v\nreply %q\nsignature %q\nquoted %q", text, folds, reply, signature, quoted)
			}
		})
	}
}

// E-44: the same letters above a quote: all of them is the reply. What is only closing words or contacts is shown then too.
func TestE44LettersAboveQuote(t *testing.T) {
	for i, text := range letters0 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			reply, signature, quoted := Split(text+quotedBelow, Text(text+quotedBelow))
			if reply != text || signature != "" || quoted == "" {
				t.Errorf("reply %q\nsignature %q\nquoted %q", reply, signature, quoted)
			}
			h := "\n\n" + heads[7] + "\n\n" + olderMail
			reply, signature, quoted = Split(text+h, Text(text+h))
			switch text {
			case "Sent from my iPhone", "-- \nMario", letters0[36]:
				return // a signature above a mail that is passed on
			}
			if reply != text || signature != "" || quoted == "" {
				t.Errorf("reply %q\nsignature %q\nquoted %q", reply, signature, quoted)
			}
		})
	}
}
