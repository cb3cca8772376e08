package forward

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestE25HeadsOfManyProgramsAndLanguages(t *testing.T) {
	for name, c := range map[string]struct{ text, from, who, subject, date string }{
		"gmail en":       {"FYI\n\n---------- Forwarded message ---------\nFrom: Anna Rossi <anna@x.it>\nDate: Mon, 2 Nov 2026 at 10:00\nSubject: Order 17\nTo: <b@x.it>\n\nHello", "anna@x.it", "Anna Rossi", "Order 17", "2026-11-02T10:00"},
		"gmail it":       {"Ecco\n\n---------- Forwarded message ---------\nDa: Anna Rossi <anna@x.it>\nDate: lun 2 nov 2026 alle ore 10:00\nSubject: Ordine 17\nTo: <b@x.it>\n\nCiao", "anna@x.it", "Anna Rossi", "Ordine 17", "2026-11-02T10:00"},
		"outlook it":     {"Da gestire\n\nDa: Anna Rossi <anna@x.it> \nInviato: lunedì 2 novembre 2026 10:00\nA: Bruno <b@x.it>\nOggetto: Ordine 17\n\nCiao", "anna@x.it", "Anna Rossi", "Ordine 17", "2026-11-02T10:00"},
		"outlook de":     {"________________________________\nVon: Anna Rossi <anna@x.it>\nGesendet: Montag, 2. November 2026 10:00\nAn: b@x.it\nBetreff: Bestellung: 17\n\nHallo", "anna@x.it", "Anna Rossi", "Bestellung: 17", "2026-11-02T10:00"},
		"outlook fr":     {"De : Anna Rossi <anna@x.it>\nEnvoyé : lundi 2 novembre 2026 10:00\nÀ : b@x.it\nObjet : Commande 17\n\nBonjour", "anna@x.it", "Anna Rossi", "Commande 17", "2026-11-02T10:00"},
		"outlook es":     {"De: Anna Rossi <anna@x.it>\nEnviado el: lunes, 2 de noviembre de 2026 10:00\nPara: b@x.it\nAsunto: Pedido 17\n\nHola", "anna@x.it", "Anna Rossi", "Pedido 17", "2026-11-02T10:00"},
		"outlook pt":     {"De: Anna Rossi <anna@x.it>\nEnviada em: segunda-feira, 2 de novembro de 2026 10:00\nPara: b@x.it\nAssunto: Pedido 17\n\nOlá", "anna@x.it", "Anna Rossi", "Pedido 17", "2026-11-02T10:00"},
		"outlook nl":     {"Van: Anna Rossi <anna@x.it>\nVerzonden: maandag 2 november 2026 10:00\nAan: b@x.it\nOnderwerp: Order 17\n\nHoi", "anna@x.it", "Anna Rossi", "Order 17", "2026-11-02T10:00"},
		"outlook pl":     {"Od: Anna Rossi <anna@x.it>\nWysłano: poniedziałek, 2 listopada 2026 10:00\nDo: b@x.it\nTemat: Zamówienie\n\nWitam", "anna@x.it", "Anna Rossi", "Zamówienie", "2026-11-02T10:00"},
		"outlook sv":     {"Från: Anna Rossi <anna@x.it>\nSkickat: den 2 november 2026 10:00\nTill: b@x.it\nÄmne: Order 17\n\nHej", "anna@x.it", "Anna Rossi", "Order 17", "2026-11-02T10:00"},
		"mail.ru":        {"-------- Пересылаемое сообщение --------\nОт кого: Anna Rossi <anna@x.it>\nКому: b@x.it\nДата: понедельник, 2 ноября 2026, 10:00 +03:00\nТема: Заказ 17\n\nПривет", "anna@x.it", "Anna Rossi", "Заказ 17", "2026-11-02T07:00"},
		"outlook zh":     {"发件人: Anna Rossi <anna@x.it>\n发送时间: 2026年11月2日 10:00\n收件人: b@x.it\n主题: 订单 17\n\n你好", "anna@x.it", "Anna Rossi", "订单 17", "2026-11-02T10:00"},
		"outlook ja":     {"差出人： Anna Rossi <anna@x.it>\n送信日時： 2026年11月2日 10:00\n宛先： b@x.it\n件名： 注文 17\n\nこんにちは", "anna@x.it", "Anna Rossi", "注文 17", "2026-11-02T10:00"},
		"apple":          {"Eccola\n\nInizio messaggio inoltrato:\n\n> Da: Anna Rossi <anna@x.it>\n> Oggetto: Ordine 17\n> Data: 2 novembre 2026 alle ore 10:00:00 CET\n> A: b@x.it\n> \n> Ciao", "anna@x.it", "Anna Rossi", "Ordine 17", "2026-11-02T09:00"},
		"thunderbird":    {"-------- Messaggio Inoltrato --------\nOggetto: \tOrdine 17\nData: \tMon, 2 Nov 2026 10:00:00 +0100\nMittente: \tAnna Rossi <anna@x.it>\nA: \tb@x.it\n\nCiao", "anna@x.it", "Anna Rossi", "Ordine 17", "2026-11-02T09:00"},
		"bold":           {"*From:* Anna Rossi [mailto:anna@x.it]\n*Sent:* Monday, November 2, 2026 1:05 PM\n*To:* b@x.it;\nc@x.it\n*Subject:* Order 17\n\nHello", "anna@x.it", "Anna Rossi", "Order 17", "2026-11-02T13:05"},
		"name only":      {"From: Anna Rossi\nSent: 11/02/2026 10:00\nTo: Bruno\nSubject: Order 17\n\nHello", "", "Anna Rossi", "Order 17", "2026-02-11T10:00"},
		"american":       {"From: anna@x.it\nSent: 11/22/2026 10:00 AM\nTo: Bruno\nSubject: Order 17\n\nHello", "anna@x.it", "", "Order 17", "2026-11-22T10:00"},
		"unknown tongue": {"Ab: Anna Rossi <anna@x.it>\nMissum: 2026-11-02 10:00\nAd: b@x.it\nRes: Mandatum 17\n\nAve", "anna@x.it", "Anna Rossi", "Mandatum 17", "2026-11-02T10:00"},
	} {
		h, ok := Find(c.text)
		when := ""
		if !h.Date.IsZero() {
			when = h.Date.Format("2006-01-02T15:04")
		}
		if !ok || h.From.Value != c.from || h.From.Name != c.who || h.Subject != c.subject || when != c.date {
			t.Errorf("%s: %v %+v %s", name, ok, h, when)
		}
		if marked := strings.Contains(strings.ToLower(c.text), "forwarded") || strings.Contains(strings.ToLower(c.text), "inoltrato") || strings.Contains(c.text, "Пересыл"); h.Marked != marked {
			t.Errorf("%s: marked %v", name, h.Marked)
		}
	}
}

func TestE25ProseHasNoHead(t *testing.T) {
	for _, text := range []string{
		"", "Buongiorno", "Von: Rom\nNach: Mailand\nWann: morgen\n", "From: the beginning of time\nwe have waited.", "Nome: Anna\nTelefono: 02 1234567\nIndirizzo: via Roma 1, Milano",
		"Ordine: 17\nData: 2 novembre 2026\nTotale: 10 €", "Il 2 nov 2026 Anna <a@x.it> ha scritto:\n> ciao", "To: do\nSubject: to change\n", "Note: call\nWarn: me\nEnd: now",
	} {
		if h, ok := Find(text); ok {
			t.Errorf("%q: %+v", text, h)
		}
	}
}

func TestE25HeadBeginsWithItsAnnouncement(t *testing.T) {
	text := "Ecco\n\n---------- Forwarded message ---------\nFrom: A <a@x.it>\nDate: Mon, 2 Nov 2026 10:00\n\nx"
	if h, _ := Find(text); !strings.HasPrefix(text[h.At:], "---------- Forwarded") {
		t.Errorf("%+v", h)
	}
}

// FuzzForward: any text is read in time, and what is found can be stored and shown.
func FuzzForward(f *testing.F) {
	f.Add("---------- Forwarded message ---------\nFrom: A <a@x.it>\nDate: 2. November 2026 10.00\nSubject: x\n\ny")
	f.Add("Ab: a@b.it\nc：2026年1月2日\nd: x")
	f.Fuzz(func(t *testing.T, text string) {
		start := time.Now()
		h, _ := Find(text)
		if h.At < 0 || h.At > len(text) || !utf8.ValidString(h.Subject+h.From.Name) || strings.ContainsAny(h.Subject+h.From.Name, "\r\n\x00") {
			t.Errorf("%+v", h)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("took %v", took)
		}
	})
}
