package quote

import (
	"fmt"
	"strings"
	"testing"

	"sportello/channels"
)

// Heads as mail programs write them above a quoted mail.
var heads = []string{
	"From: Anna White <anna@shop.example>\nSent: Monday, February 5, 2024 10:30 AM\nTo: Help <help@shop.example>\nSubject: RE: Order 12",
	"From: Anna White [mailto:anna@shop.example]\nSent: 05 February 2024 10:30\nTo: Help\nCc: Bob; Carl\nSubject: Order",
	"*From:* Anna White <anna@shop.example>\n*Sent:* Monday, February 5, 2024 10:30 AM\n*To:* Help <help@shop.example>\n*Subject:* Order",
	"**From:** Anna White <anna@shop.example>\n**Date:** Monday, 5 February 2024 at 10:30\n**To:** Help <help@shop.example>\n**Subject:** Order",
	"From: Anna White <anna@shop.example>\n\nSent: Monday, February 5, 2024 10:30 AM\n\nTo: Help <help@shop.example>\n\nSubject: RE: Order 12",
	"From:\tAnna White <anna@shop.example>\nTo:\tHelp <help@shop.example>\nDate:\t05/02/2024 10:30\nSubject:\tOrder",
	"From: Anna White <anna@shop.example>\nSent: Monday, February 5, 2024 10:30 AM\nTo: Help <help@shop.example>; Bob Brown\n<bob@shop.example>; Carl Black <carl@shop.example>\nSubject: RE: Order 12",
	"Da: Anna Bianchi <anna@bottega.example>\nInviato: lunedì 5 febbraio 2024 10:30\nA: Assistenza <help@bottega.example>\nOggetto: Ordine 12",
	"Da: \"Anna Bianchi\" <anna@bottega.example>\nA: help@bottega.example\nInviato: Lunedì, 5 febbraio 2024 10:30:12\nOggetto: Ordine 12",
	"Da: Anna Bianchi\nData: lunedì 5 febbraio 2024 10:30\nA: Assistenza\nCc: Ufficio\nOggetto: Ordine 12",
	"Mittente: Anna Bianchi <anna@bottega.example>\nData: 5 febbraio 2024 10:30\nDestinatario: Assistenza\nOggetto: Ordine",
	"Von: Anna Weiß <anna@laden.example>\nGesendet: Montag, 5. Februar 2024 10:30\nAn: Hilfe <hilfe@laden.example>\nBetreff: AW: Bestellung",
	"Von: Anna Weiß <anna@laden.example>\nDatum: Montag, 5. Februar 2024 um 10:30\nAn: Hilfe <hilfe@laden.example>\nBetreff: Bestellung",
	"De : Anne Blanc <anne@atelier.example>\nEnvoyé : lundi 5 février 2024 10:30\nÀ : Aide <aide@atelier.example>\nObjet : RE: Commande",
	"De: \"Anne Blanc\" <anne@atelier.example>\nÀ: \"Aide\" <aide@atelier.example>\nEnvoyé: Lundi 5 Février 2024 10:30:12\nObjet: Commande",
	"De: Ana Blanco <ana@taller.example>\nEnviado: lunes, 5 de febrero de 2024 10:30\nPara: Ayuda <ayuda@taller.example>\nAsunto: RE: Pedido",
	"De: Ana Branco <ana@oficina.example>\nEnviada em: segunda-feira, 5 de fevereiro de 2024 10:30\nPara: Ajuda <ajuda@oficina.example>\nAssunto: RES: Pedido",
	"Van: Anna de Wit <anna@winkel.example>\nVerzonden: maandag 5 februari 2024 10:30\nAan: Hulp <hulp@winkel.example>\nOnderwerp: RE: Bestelling",
	"Od: Anna Biała <anna@sklep.example>\nWysłano: poniedziałek, 5 lutego 2024 10:30\nDo: Pomoc <pomoc@sklep.example>\nTemat: RE: Zamówienie",
	"Från: Anna Vit <anna@butik.example>\nSkickat: den 5 februari 2024 10:30\nTill: Hjälp <hjalp@butik.example>\nÄmne: SV: Beställning",
	"Fra: Anne Hvid <anne@butik.example>\nSendt: 5. februar 2024 10:30\nTil: Hjælp <hjaelp@butik.example>\nEmne: SV: Bestilling",
	"Lähettäjä: Anna Valkoinen <anna@kauppa.example>\nLähetetty: maanantai 5. helmikuuta 2024 10.30\nVastaanottaja: Apu <apu@kauppa.example>\nAihe: VS: Tilaus",
	"Od: Anna Bílá <anna@obchod.example>\nOdesláno: pondělí 5. února 2024 10:30\nKomu: Pomoc <pomoc@obchod.example>\nPředmět: RE: Objednávka",
	"Feladó: Fehér Anna <anna@bolt.example>\nElküldve: 2024. február 5. 10:30\nCímzett: Segítség <segitseg@bolt.example>\nTárgy: RE: Rendelés",
	"De la: Ana Alb <ana@magazin.example>\nTrimis: luni, 5 februarie 2024 10:30\nCătre: Ajutor <ajutor@magazin.example>\nSubiect: RE: Comanda",
	"Gönderen: Anna Beyaz <anna@dukkan.example>\nGönderildi: 5 Şubat 2024 Pazartesi 10:30\nKime: Yardım <yardim@dukkan.example>\nKonu: Ynt: Sipariş",
	"Kimden: Anna Beyaz <anna@dukkan.example>\nTarih: 5 Şubat 2024 10:30\nKime: Yardım\nKonu: Sipariş",
	"Από: Άννα Λευκού <anna@magazi.example>\nΣτάλθηκε: Δευτέρα, 5 Φεβρουαρίου 2024 10:30\nΠρος: Βοήθεια <help@magazi.example>\nΘέμα: RE: Παραγγελία",
	"От: Анна Белая <anna@lavka.example>\nОтправлено: 5 февраля 2024 г. 10:30\nКому: Помощь <help@lavka.example>\nТема: RE: Заказ",
	"Від: Анна Біла <anna@lavka.example>\nНадіслано: 5 лютого 2024 р. 10:30\nКому: Допомога <help@lavka.example>\nТема: Замовлення",
	"发件人: 张安娜 <anna@shop.example>\n发送时间: 2024年2月5日 10:30\n收件人: 客服 <help@shop.example>\n主题: 回复: 订单",
	"发件人：张安娜 <anna@shop.example>\n日期：2024年2月5日 星期一 10:30\n收件人：help@shop.example\n主题：订单",
	"寄件者: 張安娜 <anna@shop.example>\n寄件日期: 2024年2月5日 上午 10:30\n收件者: 客服 <help@shop.example>\n主旨: RE: 訂單",
	"差出人: 白井杏奈 <anna@mise.example>\n送信日時: 2024年2月5日 10:30\n宛先: サポート <help@mise.example>\n件名: RE: 注文",
	"보낸 사람: 백안나 <anna@gage.example>\n보낸 날짜: 2024년 2월 5일 월요일 오전 10:30\n받는 사람: 고객센터 <help@gage.example>\n제목: RE: 주문",
	"من: آنا <anna@shop.example>\nتم الإرسال: ٥ فبراير ٢٠٢٤ ١٠:٣٠ ص\nإلى: المساعدة <help@shop.example>\nالموضوع: طلب",
	"מאת: אנה לבן <anna@shop.example>\nנשלח: יום שני 5 פברואר 2024 10:30\nאל: תמיכה <help@shop.example>\nנושא: הזמנה",
	// no known label at all: two people and a time
	"Kutoka: Anna Nyeupe <anna@duka.example>\nImetumwa: 5 Februari 2024 10:30\nKwa: Msaada <msaada@duka.example>\nMada: Agizo",
	// one line, as converters leave it
	"From: Anna White <anna@shop.example> Sent: Monday, February 5, 2024 10:30 AM To: Help <help@shop.example> Subject: Order",
	"Da: Anna Bianchi <anna@bottega.example> Inviato: lunedì 5 febbraio 2024 10:30 A: Assistenza Oggetto: Ordine",
	// Lotus Notes
	"Anna White <anna@shop.example>\n05/02/2024 10:30\n\n        To:     help@shop.example\n        cc:\n        Subject:        Order 12",
	"Anna White/Rome/Shop@SHOP\n02/05/2024 10:30 AM\nPlease respond to anna@shop.example\n\nTo: help@shop.example\ncc: bob@shop.example\nSubject: Order 12",
}

// Lines that stand above such heads, or above the quoted mail without one.
var rules = []string{
	"________________________________",
	"-----Original Message-----", "-----Messaggio originale-----", "-----Ursprüngliche Nachricht-----", "-----Message d'origine-----",
	"-----Mensaje original-----", "-----Mensagem original-----", "-----Oorspronkelijk bericht-----", "-----Oryginalna wiadomość-----",
	"-----Ursprungligt meddelande-----", "-----Исходное сообщение-----", "-----原始邮件-----", "----- 元のメッセージ -----",
	"-------- Messaggio originale --------", "-------- Original-Nachricht --------", "----- Původní zpráva -----", "----- Eredeti üzenet -----",
	"------------------ 原始邮件 ------------------", "-------- Alkuperäinen viesti --------", "----- Orijinal Mesaj -----",
}

// Lines above a mail that is passed on.
var forwards = []string{
	"---------- Forwarded message ---------", "---------- Messaggio inoltrato ---------", "---------- Weitergeleitete Nachricht ---------",
	"---------- Forwarded message ----------", "---------- Message transféré ---------", "---------- Mensaje reenviado ---------",
	"---------- Mensagem encaminhada ---------", "---------- Doorgestuurd bericht ---------", "---------- Przekazana wiadomość ---------",
	"---------- Vidarebefordrat meddelande ---------", "---------- Пересылаемое сообщение ---------", "---------- 转发的邮件 ----------",
	"---------- 転送されたメッセージ ----------", "-------- Messaggio Inoltrato --------", "-------- Forwarded Message --------",
	"Begin forwarded message:", "Inizio messaggio inoltrato:", "Anfang der weitergeleiteten Nachricht:", "Début du message transféré :",
	"Inicio del mensaje reenviado:", "Início da mensagem encaminhada:", "Begin doorgestuurd bericht:", "Początek przekazywanej wiadomości:",
	"Vidarebefordrat brev:", "----- Forwarded by Anna White/Rome/Shop on 02/05/2024 10:30 AM -----",
	"---------------------- Forwarded by Anna White/Rome/Shop on 02/05/2024\n10:30 AM ---------------------------",
}

const olderMail = "Gentile cliente,\n\nil pacco parte domani.\nSaluti\nAnna"

// E-44: heads of quoted mails, alone and below the lines that stand above them.
func TestE44Heads(t *testing.T) {
	for i, h := range heads {
		for name, quoted := range map[string]string{
			"alone":     h + "\n\n" + olderMail,
			"close":     h + "\n" + olderMail,
			"ruled":     rules[0] + "\n" + h + "\n\n" + olderMail,
			"announced": rules[1+i%(len(rules)-1)] + "\n" + h + "\n\n" + olderMail,
			"marked":    h + "\n\n" + marks1(olderMail),
			"in marks":  marks1(h + "\n\n" + olderMail),
		} {
			t.Run(fmt.Sprintf("%02d %s", i, name), func(t *testing.T) { check(t, answer+"\n\n"+quoted, answer) })
		}
	}
}

// E-44: a dividing line is enough without a head.
func TestE44Dividers(t *testing.T) {
	for _, line := range rules[1:] {
		check(t, answer+"\n\n"+line+"\n\n"+olderMail, answer)
	}
}

// E-25: a mail that is passed on with a word above it.
func TestE25Forwards(t *testing.T) {
	for i, line := range forwards {
		for name, text := range map[string]string{
			"head":   line + "\n" + heads[i] + "\n\n" + olderMail,
			"spaced": line + "\n\n" + heads[i] + "\n\n" + olderMail,
			"marked": line + "\n\n" + marks1(heads[i]+"\n\n"+olderMail),
		} {
			t.Run(fmt.Sprintf("%02d %s", i, name), func(t *testing.T) {
				check(t, answer+"\n\n"+text, answer)
				if folds := Text(answer + "\n\n" + text); len(folds) != 1 || folds[0].Kind != channels.FoldForwarded {
					t.Errorf("%q: %v", line, folds)
				}
			})
		}
	}
}

// E-25: a mail that is passed on without a word is a forward, also when its head alone says so, and is not hidden as a quote.
func TestE25ForwardAlone(t *testing.T) {
	for _, text := range []string{
		forwards[0] + "\n" + heads[0] + "\n\n" + olderMail,
		heads[7] + "\n\n" + olderMail,
		rules[2] + "\n" + heads[7] + "\n\n" + olderMail,
		"\n\n" + heads[11] + "\n\n" + olderMail,
	} {
		folds := Text(text)
		if len(folds) != 1 || folds[0].Kind != channels.FoldForwarded || folds[0].To != len(text) {
			t.Errorf("%q: %v", text, folds)
		}
	}
	signed := "-- \nMario Rossi\nTel. +39 02 123456\n\n" + heads[7] + "\n\n" + olderMail
	folds := Text(signed)
	if len(folds) == 0 || folds[len(folds)-1].Kind != channels.FoldForwarded || !strings.HasPrefix(signed[folds[len(folds)-1].From:], "Da:") {
		t.Errorf("%v", folds)
	}
}
