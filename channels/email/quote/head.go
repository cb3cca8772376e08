package quote

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// role is what a label of a mail's head stands for.
type role uint8

const (
	roleNone role = iota
	roleFrom
	roleDate
	roleTo
	roleCopy
	roleSubject
	roleOther // of a mail's head, and it decides nothing
	roleForm  // of a form that somebody filled in, not of a mail's head
)

// label is a line's "Name: value".
type label struct {
	role  role
	name  string // "" when the line is none
	value string
}

const (
	headLines  = 24 // lines of one head that are looked at
	labelBytes = 48
)

func newRoles(entries map[role]string) map[string]role {
	roles := map[string]role{}
	for r, names := range entries {
		for n := range strings.SplitSeq(names, ",") {
			roles[strings.TrimSpace(n)] = r
		}
	}
	return roles
}

var roles = newRoles(map[role]string{
	roleFrom: `from, von, de, da, van, från, fra, frá, от, от кого, 发件人, 寄件者, 寄件人, 发信人, 發件人, 差出人, 送信者, 送信元, lähettäjä, odesílatel, odosielateľ, od, kimden, gönderen, de la, expeditor, feladó, від, від кого,
відправник, 보낸 사람, 보낸사람, 보낸이, من, المرسل, מאת, από, expéditeur, mittente, absender, remitente, remetente, afzender, avsändare, nadawca, отправитель, afsender, avsender, dari, प्रेषक, шаље, пошиљалац, nork, از, فرستنده, từ, người gửi, จาก, saatja, nuo, no, šalje, pošiljatelj, kimdən, nga`,
	roleDate: `date, sent, datum, gesendet, data, inviato, inviata, data invio, date d'envoi, date d’envoi, envoyé, envoyé le, envoyé à, fecha, enviado, enviado el, enviada, enviada em, enviado em, enviadas, data de envio, verzonden, verzonden op, wysłano, wysłane, data wysłania, skickat, skickades, sendt, dato,
lähetetty, päiväys, päivämäärä, pvm, odesláno, odoslané, dátum, gönderildi, gönderme tarihi, gönderilme tarihi, tarih, trimis, data trimiterii, dată, elküldve, küldve, küldés ideje, дата, отправлено, дата отправки, відправлено, надіслано, изпратено, 发送时间, 发送日期, 寄件日期, 日期, 傳送時間, 时间, 時間, 送信日時, 送信日, 日時, 日付, 보낸 날짜, 보낸날짜, 날짜, 받은 날짜,
تاريخ, التاريخ, تم الإرسال, الإرسال, תאריך, נשלח, נשלח ב, ημερομηνία, στάλθηκε, sent on, sent at, date sent, received, dikirim, terkirim, भेजा गया, दिनांक, послато, poslato, enviado o, enviat, bidaltze-data, ارسال شده, تاریخ, tanggal, đã gửi, ngày, วันที่, ส่ง, saadetud, kuupäev, išsiųsta, nosūtīts, datums, poslano, datum slanja`,
	roleTo:      `to, an, a, à, para, pour, aan, do, till, til, til:, кому, 收件人, 收信人, 收件者, 宛先, vastaanottaja, komu, pre, kime, alıcı, către, catre, címzett, до, получатель, 받는 사람, 받는사람, 받는이, إلى, الى, אל, προς, destinataire, destinatario, destinatari, destinatário, empfänger, dla, kepada, ke, प्रति, nori, per a, به, گیرنده, đến, tới, người nhận, ถึง, saaja, kam, kam:, za, prima, primatelj, delivered-to`,
	roleCopy:    `cc, c/c, c.c., kopie, copia, cópia, copie, copie à, kopia, kopi, копия, копія, 抄送, 副本, 抄送人, kopio, bilgi, másolat, másolatot kap, 참조, نسخة, نسخة إلى, עותק, κοιν, bcc, ccn, cci, cco, bkz, dw, udw, kopia do`,
	roleSubject: `subject, betreff, betrifft, oggetto, objet, sujet, asunto, assunto, onderwerp, temat, ämne, emne, efni, тема, 主题, 主題, 主旨, 标题, 件名, aihe, otsikko, předmět, predmet, konu, subiect, tárgy, предмет, 제목, الموضوع, موضوع, נושא, θέμα, тема сообщения, विषय, наслов, gaia, относно, subyek, subjek, perihal, chủ đề, tiêu đề, เรื่อง, teema, tema, temats, naslov, zadeva, re, assumpte`,
	roleOther: `reply-to, reply to, importance, priority, attachments, attachment, allegati, allegato, anlagen, anlage, pièces jointes, adjuntos, anexos, bijlagen, załączniki, bilagor, message-id, in-reply-to, references, organization, newsgroups, rispondi a, antwort an, antworten an, répondre à, responder a, priorità, priorität, wichtigkeit, importancia, importância, importanza, wg, in-reply-to, resent-from, resent-to,
附件, 添付ファイル, 回复, 重要性, 첨부, вложения, via, sender, categories, signed by, mailing list, mailed-by`,
	roleForm: `name, first name, last name, full name, surname, e-mail, email, email address, mail, phone, telephone, tel, mobile, fax, address, message, comment, comments, company, city, country, zip, url, website, ip, order, quantity, price, total, item, product, nome, cognome, ragione sociale, nominativo, telefono, cellulare, indirizzo, città, messaggio, azienda, ordine, prodotto, ente,
nachname, vorname, firma, telefon, telefonnummer, adresse, anschrift, ort, nachricht, nom, prénom, téléphone, société, ville, nombre, apellidos, apellido, teléfono, dirección, mensaje, empresa, sobrenome, telefone, endereço, mensagem, cidade, naam, telefoon, adres, bericht, imię, nazwisko, wiadomość, namn, имя, фамилия, телефон, адрес, сообщение, 姓名, 名前, 氏名, 电话, 電話, 電話番号, 住所, 地址, メールアドレス, 邮箱, お名前, note, notes, nota, login, user, password, where, when, what, location, luogo, ora, time, uhrzeit, heure, hora, ps, nb`,
})

// labelOf reads a line's label once.
func (m *mail) labelOf(i int) label {
	l := &m.lines[i]
	if l.label == nil {
		l.label = &none
		if lab := readLabel(l.text); lab.name != "" {
			l.label = &lab
		}
	}
	return *l.label
}

var none label // of all lines without one

func readLabel(s string) label {
	at := strings.IndexByte(clip(s, labelBytes), ':')
	if at <= 0 {
		return label{}
	}
	name := strings.ToLower(strings.Trim(s[:at], " _\"'"))
	value := strings.Trim(s[at+1:], " _")
	if name == "" || strings.HasPrefix(value, "//") || len(strings.Fields(name)) > 4 {
		return label{}
	}
	if r, ok := roles[name]; ok {
		return label{role: r, name: name, value: value}
	}
	for _, r := range name {
		if unicode.IsDigit(r) || r != ' ' && r != '-' && r != '\'' && r != '’' && r != '/' && r != '.' && r != '(' && r != ')' && !unicode.IsLetter(r) && !unicode.Is(unicode.M, r) {
			return label{}
		}
	}
	return label{name: name, value: value}
}

// head is a run of label lines such as stands above a quoted or forwarded mail.
type head struct {
	from, to int // lines
	roles    [roleForm + 1]int
	unknown  int
	people   int // values with an address
	angle    bool
	dated    bool // a value is a date
	timed    bool // a value is a date with a time of day
	first    traits
	followed bool // by a label right below it that is none of a mail's head
}

// headAt reads the head that begins at line i, wherever it stands.
func (m *mail) headAt(i int) head {
	h := head{from: i, to: i}
	for j := i; j < len(m.lines) && j < i+headLines; j++ {
		l := &m.lines[j]
		if l.depth != m.lines[i].depth {
			break
		}
		if l.blank() { // some converters put a blank line between any two
			if j+1 >= len(m.lines) || m.labelOf(j-1).role == roleNone || m.lines[j+1].depth != l.depth && !m.lines[j+1].blank() {
				break
			}
			if r := m.labelOf(j + 1).role; r == roleNone || r == roleForm || h.roles[r] > 0 {
				break
			}
			continue
		}
		lab := m.labelOf(j)
		if lab.name == "" || lab.role == roleForm || lab.role == roleNone && h.known() >= 3 && !m.moreHead(j, h) {
			if j > i && m.moreHead(j, h) {
				continue // a long list of recipients goes on
			}
			if j > i && lab.name != "" {
				h.followed = true
				if lab.role == roleForm {
					h.roles[roleForm]++
				}
			}
			break
		}
		if j > i && lab.role != roleNone && lab.role != roleOther && lab.role != roleCopy && h.roles[lab.role] > 0 {
			break // the next head, or the letter itself
		}
		h.take(lab, m.traits(j))
		if j == i {
			h.first = m.traits(j)
		}
		h.to = j + 1
	}
	m.valuesBelow(&h)
	return h
}

func (h *head) take(lab label, t traits) {
	if lab.role == roleNone {
		h.unknown++
	} else {
		h.roles[lab.role]++
	}
	if t.address {
		h.people++
	}
	h.angle = h.angle || t.angle
	if t.date && lab.role != roleSubject {
		h.dated = true
		h.timed = h.timed || t.time
	}
}

// moreHead reports whether a label of a mail's head follows within a few lines without a blank one, so that line j continues a value.
func (m *mail) moreHead(j int, h head) bool {
	if h.known() == 0 {
		return false
	}
	for k := j + 1; k < len(m.lines) && k <= j+6; k++ {
		if m.lines[k].blank() {
			return false
		}
		switch lab := m.labelOf(k); lab.role {
		case roleNone, roleForm, roleOther:
		default:
			return h.roles[lab.role] == 0
		}
	}
	return false
}

// valuesBelow includes the value of a last label that stands on the next line.
func (m *mail) valuesBelow(h *head) {
	if h.to > h.from && h.to < len(m.lines) && m.labelOf(h.to-1).value == "" && m.labelOf(h.to-1).role == roleSubject && !m.lines[h.to].blank() {
		h.to++
	}
}

// known counts the different roles found.
func (h *head) known() int {
	n := 0
	for r := roleFrom; r <= roleSubject; r++ {
		if h.roles[r] > 0 {
			n++
		}
	}
	return n
}

// holds decides whether a run of labels is the head of a mail. Announced means that a dividing line stands above it.
func (h *head) holds(announced bool) bool {
	if h.to-h.from < 2 && !announced {
		return false
	}
	known, subject := h.known(), h.roles[roleSubject] > 0
	from, date := h.roles[roleFrom] > 0, h.roles[roleDate] > 0
	switch {
	case announced && (from || known >= 2):
		return true
	case announced && h.to-h.from >= 2 && (h.people > 0 || h.timed):
		return true
	case known >= 3 && subject && (from || date) && (h.people > 0 || h.timed || !h.followed):
		return true
	case from && date && h.people > 0 && h.dated:
		return true
	case from && subject && h.people > 0 && h.roles[roleForm] == 0:
		return true
	case known >= 3 && h.people > 0 && h.dated:
		return true
	case known >= 2 && date && h.people > 0 && h.timed && h.roles[roleForm] == 0:
		return true
	case h.roles[roleForm] > 0:
		return false
	case h.unknown >= 2 && h.timed && h.people >= 2 && h.to-h.from >= 3:
		return true
	}
	return h.unknown >= 2 && h.timed && h.first.angle
}

// oneLine reports whether a whole head stands on one line, as some converters leave it: "From: … Sent: … To: … Subject: …".
func oneLine(s string) bool {
	s = clip(s, longLine)
	if strings.Count(s, ":") < 3 {
		return false
	}
	var seen [roleForm + 1]bool
	n := 0
	at := 0
	for at < len(s) {
		i := strings.IndexByte(s[at:], ':')
		if i < 0 {
			break
		}
		name := strings.TrimRight(s[at:at+i], " ")
		for tries := 0; tries < 3 && name != ""; tries++ { // the label is the last one to three words before the colon
			start := lastWords(name, tries+1)
			r := roles[strings.ToLower(strings.Trim(name[start:], " *"))]
			if r != roleNone && r < roleOther {
				if n == 0 && at == 0 && start > 0 {
					return false
				}
				if !seen[r] {
					n++
				}
				seen[r] = true
				break
			}
		}
		at += i + 1
	}
	return n >= 3 && seen[roleSubject] && (seen[roleFrom] || seen[roleDate])
}

func lastWords(s string, n int) int {
	at := len(s)
	for ; n > 0 && at > 0; n-- {
		at = strings.LastIndexByte(strings.TrimRight(s[:at], " "), ' ') + 1
	}
	return at
}

func firstLetter(s string) (rune, bool) {
	for _, r := range s {
		if unicode.IsLetter(r) {
			return r, true
		}
	}
	return utf8.RuneError, false
}
