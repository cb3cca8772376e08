package letter

import (
	"testing"

	"sportello/channels/email/quote"
)

// E-25: mails that are passed on, with and without a note, as programs write them: the text, whose mail it is, its subject, and the note.
func TestE25PassedOn(t *testing.T) {
	for _, c := range []struct{ name, text, from, subject, note string }{
		{"gmail nl", "Kun jij dit doen?\n\n---------- Forwarded message ---------\nVan: Olga Petri <olga@petri.example>\nDate: di 4 mrt 2025 om 09:11\nSubject: Klink\nTo: <winkel@deuren.example>\n\n\nDe klink is stuk.", "olga@petri.example", "Klink", "Kun jij dit doen?"},
		{"apple fr", "Pour toi.\n\nDébut du message transféré :\n\n> De: Olga Petri <olga@petri.example>\n> Objet: Poignée\n> Date: 4 mars 2025 à 09:11:02 UTC+1\n> À: boutique@portes.example\n> \n> La poignée est cassée.", "olga@petri.example", "Poignée", "Pour toi."},
		{"thunderbird sv", "\n\n\n-------- Vidarebefordrat meddelande --------\nÄmne: \tHandtag\nDatum: \tTue, 4 Mar 2025 09:11:02 +0100\nFrån: \tOlga <olga@petri.example>\nTill: \tbutik@dorrar.example\n\n\nHandtaget är trasigt.", "olga@petri.example", "Handtag", ""},
		{"outlook pl", "Proszę zająć się tym.\n\nPozdrawiam\nMarek\n\nFrom: Olga Petri <olga@petri.example>\nSent: Tuesday, March 4, 2025 9:11 AM\nTo: sklep@drzwi.example\nSubject: Klamka\n\nKlamka się złamała.", "olga@petri.example", "Klamka", "Proszę zająć się tym."},
		{"yandex", "Посмотрите.\n\n-------- Пересылаемое сообщение --------\n04.03.2025, 09:11, \"Ольга\" <olga@petri.example>:\n\nРучка сломалась.\n-------- Конец пересылаемого сообщения --------", "olga@petri.example", "", "Посмотрите."},
		{"qq", "请处理。\n\n------------------ 转发邮件 ------------------\n发件人: \"奥尔加\" <olga@petri.example>;\n发送时间: 2025年3月4日(星期二) 上午9:11\n收件人: \"店铺\"<shop@doors.example>;\n主题: 门把手\n\n门把手坏了。", "olga@petri.example", "门把手", "请处理。"},
		{"proton es", "Para ti.\n\n------- Forwarded Message -------\nDe: Olga <olga@petri.example>\nFecha: El martes, 4 de marzo de 2025 a las 09:11\nAsunto: Manilla\nPara: tienda@puertas.example\n\n> La manilla se rompió.", "olga@petri.example", "Manilla", "Para ti."},
		{"zoho", "See below.\n\n============ Forwarded message ============\nFrom: Olga <olga@petri.example>\nTo: <shop@doors.example>\nDate: Tue, 04 Mar 2025 09:11:02 +0100\nSubject: Handle\n============ Forwarded message ============\n\nThe handle broke.", "olga@petri.example", "Handle", "See below."},
		{"em client", "Please answer her.\n\n------ Forwarded Message ------\nFrom \"Olga Petri\" <olga@petri.example>\nTo shop@doors.example\nDate 04/03/2025 09:11:02\nSubject Handle\n\nThe handle broke.", "olga@petri.example", "Handle", "Please answer her."},
		{"libero", "Vedi sotto\n\n---------- Messaggio inoltrato ----------\nDa: \"Olga Petri\" <olga@petri.example>\nA: negozio@porte.example\nData: 4 marzo 2025 alle 09:11\nOggetto: Maniglia\n\nLa maniglia si è rotta.", "olga@petri.example", "Maniglia", "Vedi sotto"},
		{"evolution", "Bitte.\n\n-------- Weitergeleitete Nachricht --------\nVon: Olga <olga@petri.example>\nAn: laden@tueren.example\nBetreff: Griff\nDatum: Tue, 04 Mar 2025 09:11:02 +0100\n\nDer Griff ist ab.", "olga@petri.example", "Griff", "Bitte."},
		{"notes", "Bitte kümmern.\n\n----- Weitergeleitet von Marion Beck/Linz/Ferrum am 04.03.2025 15:30 -----\n\nVon:\tolga@petri.example\nAn:\tladen@tueren.example\nDatum:\t04.03.2025 09:11\nBetreff:\tGriff\n\nDer Griff ist ab.", "olga@petri.example", "Griff", "Bitte kümmern."},
		{"mail.ru", "Гляньте\n\n\n-------- Пересылаемое сообщение --------\nОт: Ольга <olga@petri.example>\nКому: Магазин <shop@doors.example>\nДата: Вторник, 4 марта 2025, 9:11 +03:00\nТема: Ручка\n \nРучка сломалась.", "olga@petri.example", "Ручка", "Гляньте"},
		{"outlook ja", "対応お願いします。\n\n差出人: オルガ <olga@petri.example>\n送信日時: 2025年3月4日 9:11\n宛先: 店 <shop@doors.example>\n件名: 取っ手\n\n取っ手が壊れました。", "olga@petri.example", "取っ手", "対応お願いします。"},
		{"samsung pt", "Vê isto\n\nEnviado do meu Galaxy\n\n\n-------- Mensagem original --------\nDe: Olga <olga@petri.example> \nData: 04/03/25  09:11  (GMT+00:00) \nPara: loja@portas.example \nAssunto: Maçaneta \n\nA maçaneta quebrou.", "olga@petri.example", "Maçaneta", "Vê isto"},
	} {
		m := Read([]byte("From: Anna <anna@x.example>\nTo: support@shop.example\nSubject: Fwd\nContent-Type: text/plain; charset=utf-8\n\n"+c.text), Reading{})
		f := m.Details.Forward
		if f == nil {
			t.Errorf("%s: none", c.name)
			continue
		}
		reply := openWords(m)
		if f.From.Value != c.from || f.Subject != c.subject || f.Date.IsZero() || c.note != "" && reply != c.note {
			t.Errorf("%s: %+v, note %q", c.name, f, reply)
		}
	}
}

// openWords is what of a mail is not folded.
func openWords(m *Mail) string {
	reply, _, _ := quote.Split(m.Text, m.Details.Folds)
	return reply
}
