package forward

import "strings"

// kind says what a line of a block holds.
type kind int

const (
	unknown kind = iota
	from
	to
	date
	subject
	other
)

// labels are the words of mail programs for the lines of the block, in lower case, by language: it en de fr es pt nl pl sv ru zh ja,
// then da/nb fi cs hu ro tr uk ko.
var labels = map[kind]string{
	from: `da|mittente|from|von|absender|de|expéditeur|remitente|remetente|van|afzender|od|nadawca|från|avsändare|от|от кого|发件人|寄件者|寄件人|發件人|差出人|送信者|
fra|avsender|lähettäjä|odesílatel|feladó|de la|kimden|gönderen|від|보낸 사람|보낸사람`,
	to: `a|to|an|à|pour|para|aan|do|till|кому|收件人|收件者|宛先|til|vastaanottaja|komu|címzett|către|kime|받는 사람|받는사람|destinatario|empfänger|destinataire|destinatário|
cc|ccn|bcc|kopie|copie à|copia|kopia|dw|копия|抄送|副本|cci|cco`,
	date: `data|inviato|date|sent|datum|gesendet|envoyé|date d'envoi|fecha|enviado|enviado el|enviada em|enviada|verzonden|wysłano|wysłane|skickat|дата|отправлено|
日期|发送时间|發送時間|时间|寄件日期|日時|送信日時|dato|sendt|päivämäärä|lähetetty|datum odeslání|odesláno|elküldve|dátum|trimis|tarih|gönderildi|надіслано|날짜|보낸 날짜`,
	subject: `oggetto|subject|betreff|objet|sujet|asunto|assunto|onderwerp|temat|ämne|тема|主题|主旨|主題|件名|emne|aihe|předmět|tárgy|subiect|konu|제목|re`,
	other:   `reply-to|rispondi a|antwort an|répondre à|responder a|importance|priorità|priorität|importanza|wichtigkeit|attachments|allegati|anlagen|organization`,
}

var kinds = func() map[string]kind {
	all := make(map[string]kind)
	for k, words := range labels {
		for word := range strings.SplitSeq(words, "|") {
			all[strings.TrimSpace(word)] = k
		}
	}
	return all
}()

func kindOf(label string) kind { return kinds[strings.TrimSpace(label)] }

// announcements are what stands above a forwarded mail.
var announcements = []string{
	"forwarded message", "forwarded by", "messaggio inoltrato", "inoltrato da", "weitergeleitete nachricht", "weitergeleitete e-mail", "weitergeleitet von", "message transféré", "message réexpédié",
	"mensaje reenviado", "mensagem encaminhada", "mensagem reencaminhada", "mensagem original encaminhada", "doorgestuurd bericht", "przekazana wiadomość", "wiadomość przekazana", "treść przekazanej wiadomości",
	"vidarebefordrat meddelande", "пересылаемое сообщение", "пересланное сообщение", "переслане повідомлення", "转发的邮件", "转发邮件", "被转发", "轉寄的郵件", "轉寄郵件", "転送メッセージ", "転送された",
	"转发信息", "videresendt", "välitetty viesti", "přeposlaná zpráva", "továbbított üzenet", "mesaj redirecționat", "iletilen ileti", "전달된 메시지", "forwarded mail",
	"forwarded email", "mail transféré", "correo reenviado", "weitergeleitete mail",
}

func announces(line string) bool {
	line = strings.ToLower(line)
	if len(line) > 150 {
		return false
	}
	for _, words := range announcements {
		if strings.Contains(line, words) {
			return true
		}
	}
	return false
}
