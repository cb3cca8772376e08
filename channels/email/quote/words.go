package quote

import (
	"slices"
	"strings"
	"unicode"
)

// The word lists make rules surer where they know the language. Every rule that uses one also has a way through structure alone.

// list is a set of small-letter words and phrases. In scripts that divide words, an entry matches whole words; an entry that ends in
// "-" matches the start of a word. In Chinese, Japanese, Korean and Thai it matches anywhere.
type list struct {
	whole map[string]bool // words and phrases of divided scripts
	stems []string
	parts []string // entries of undivided scripts
	most  int      // words in the longest phrase
}

func newList(entries string) list {
	l := list{whole: map[string]bool{}}
	for _, e := range strings.FieldsFunc(entries, func(r rune) bool { return r == ',' || r == '\n' || r == '\t' }) {
		e = strings.TrimSpace(e)
		switch {
		case e == "":
		case undivided(e):
			l.parts = append(l.parts, e)
		case strings.HasSuffix(e, "-"):
			l.stems = append(l.stems, strings.TrimSuffix(e, "-"))
		default:
			l.whole[e] = true
			l.most = max(l.most, len(strings.Fields(e)))
		}
	}
	return l
}

func undivided(s string) bool {
	for _, r := range s {
		if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai) {
			return true
		}
	}
	return false
}

// pieces are found anywhere, also within a word: makers' names take the endings of every language.
type pieces []string

func (p pieces) has(lower string) bool {
	return slices.ContainsFunc(p, func(s string) bool { return strings.Contains(lower, s) })
}

var brands = pieces{"iphon", "ipad", "android", "samsung", "huawei", "xiaomi", "outlook", "yahoo", "blackberry", "motorola", "nokia"}

// find returns where the first entry stands among the words of a small-letter text, counted from the end (0 is the last word), and
// the number of different entries found; -1 and 0 when there is none.
func (l list) find(lower string, ws []string) (fromEnd, hits int) {
	fromEnd = -1
	for _, p := range l.parts {
		if i := strings.LastIndex(lower, p); i >= 0 {
			hits++
			if n := len(words(lower[i+len(p):])); fromEnd < 0 || n < fromEnd {
				fromEnd = n
			}
		}
	}
	for i := range ws {
		found := false
		phrase := ""
		for n := 1; n <= l.most && i+n <= len(ws) && !found; n++ {
			if n == 1 {
				phrase = ws[i]
			} else {
				phrase += " " + ws[i+n-1]
			}
			if l.whole[phrase] {
				found = true
				fromEnd = len(ws) - i - n
			}
		}
		for j := 0; j < len(l.stems) && !found; j++ {
			if strings.HasPrefix(ws[i], l.stems[j]) {
				found = true
				fromEnd = len(ws) - i - 1
			}
		}
		if found {
			hits++
		}
	}
	return fromEnd, hits
}

func (l list) has(s string) bool {
	lower := strings.ToLower(s)
	_, hits := l.find(lower, words(lower))
	return hits > 0
}

// covers reports whether a text is entries of the list one after the other, joined by at most one word each, and at most extra words
// behind them, one more behind a long one.
func (l list) covers(s string, extra int) bool {
	lower := strings.ToLower(clip(s, 200))
	if l.parts != nil && undivided(lower) {
		return l.starts(lower) && len([]rune(lower)) <= 16
	}
	ws := words(lower)
	at := l.phrase(ws, 0)
	if at == 0 {
		return false
	}
	for at+1 < len(ws) {
		if n := l.phrase(ws, at+1); n > 0 {
			at += 1 + n
		} else if n = l.phrase(ws, at); n > 0 {
			at += n
		} else {
			break
		}
	}
	if at >= 3 {
		extra++
	}
	return len(ws)-at <= extra
}

// phrase is the number of words of the longest entry that stands at a place.
func (l list) phrase(ws []string, at int) int {
	longest := 0
	phrase := ""
	for n := 1; n <= l.most && at+n <= len(ws); n++ {
		if n > 1 {
			phrase += " "
		}
		if phrase += ws[at+n-1]; l.whole[phrase] {
			longest = n
		}
	}
	return longest
}

// starts reports whether a text begins with an entry.
func (l list) starts(s string) bool {
	lower := strings.ToLower(clip(s, 120))
	for _, p := range l.parts {
		if strings.HasPrefix(lower, p) {
			return true
		}
	}
	ws := words(lower)
	phrase := ""
	for n := 0; n < l.most && n < len(ws); n++ {
		if n > 0 {
			phrase += " "
		}
		if phrase += ws[n]; l.whole[phrase] {
			return true
		}
	}
	if len(ws) > 0 {
		for _, s := range l.stems {
			if strings.HasPrefix(ws[0], s) {
				return true
			}
		}
	}
	return false
}

// wrote: verbs of the line that introduces a quote.
var wrote = newList(`wrote, writes, has written, scritto, scrive, scrisse, schrieb, schreibt, geschrieben, écrit, ecrit, écrivait, escribió, escribio,
escribe, escrito, escreveu, escreve, escrit, escriure, schreef, schrijft, geschreven, napisał, napisała, napisal, napisala, napisana, napisane, pisze, skrev, skriver, skrifaði,
kirjoitti, kirjoittaa, пишет, писал, писала, написал, написала, написав, написала, пише, писа, написа, napsal, napsala, píše, napísal, napísala, napisao, je napisao,
yazdı, yazmış, yazıyor, scris, a scris, írta, írja, ezt írta, έγραψε, έγραψαν, كتب, كتبت, כתב, כתבה, כתב/ה, đã viết, viết, menulis, rašė, rakstīja, kirjutas, idatzi du,
va escriure, shkroi, 写道, 寫道, 写到, 写信, 寫信, 来信, 來信, 書きました, 書いた, 書かれた, wrote, のメール, 作成, 작성, 썼, 님이, 보낸 메시지, เขียน`)

// said: other words that a person puts around the name of the one whom he quotes.
var said = newList(`said, says, quoth, spake, typed, thus spake, according to, replying to, in reply to, quoting, citing, sagte, meinte, zitat von, ha detto, disse, dijo, dit, selon, secondo, laut, sa, zei`)

// quoting: how Horde and others begin the line that names the one who is quoted and nothing else.
var quoting = newList(`quoting, citing, zitat von, citando, citando a, citat de, citation de, en réponse à, citazione di, citeren, citaat van, cytowanie, cytat, cytuję, citerar, citat från, citerer, цитирование, цитирую, цитата, citace, idézet, alıntı, lainaus, 引述, 引用`)

// persons to whom somebody wrote: then a sentence tells of it, and no mail program does.
var persons = newList(`me, us, mi, ci, mir, uns, m'a, nous, nos, nous a, mij, ons, mig, meg, oss, мне, нам, mnie, nam, minulle, mně`)

// openers: how such a line begins.
var openers = newList(`on, am, le, il, el, em, op, w, dnia, w dniu, den, på, pe, dne, dňa, în, la, в, у, i, a, på, den, vào, pada, at, in data, il giorno, el día, no dia, ngày, στις, бeз,
mon, tue, wed, thu, fri, sat, sun, monday, tuesday, wednesday, thursday, friday, saturday, sunday, lun, mar, mer, mié, gio, jue, jeu, ven, vie, sab, sam, sáb, dom, dim,
mo, di, mi, do, fr, sa, so, ma, wo, vr, za, zo, в, вт, ср, чт, пт, сб, вс, pon, wt, śr, czw, pt, sob, niedz, 在, 于, 於, في, בתאריך, ב`)

// passed: words of a line above a message that is passed on; original: above one that is answered.
var passed = newList(`forward-, fwd, fw, inoltrat-, inoltra, inoltro, weitergeleit-, weiterleit-, transféré, transferé, transfere, transmis, faire suivre, réexpédié, reenviad-, reenvi-, encaminhad-, encaminhamento,
doorgestuurd, doorgezonden, doorsturen, przekazan-, przesłan-, przekazyw-, vidarebefordra-, vidaresend-, videresend-, videresendt, edelleen, lähetetty, välitetty, přeposlan-, předáv-, preposlan-, iletilen, iletildi, yönlendirilen,
redirecționat, redirectionat, továbbított, пересыла-, пересила-, переслан-, переадрес-, пересланн-, препратен-, προωθημέν-, prosleđen-, proslijeđen-, 转发, 轉寄, 轉發, 转寄, 転送, 전달된, 전달, محولة, معاد توجيه-, הועבר-, chuyển tiếp, diteruskan`)

var original = newList(`original, originale, originalmeddelande, oprindelig, opprinnelig, ursprünglich-, originalnachricht, d'origine, d’origine, origine, initial, mensaje original, oorspronkelijk-, origineel, oryginaln-, pierwotna, ursprunglig-,
ursprungligt, alkuperäinen, původní, pôvodná, orijinal, özgün, eredeti, исходн-, оригинальн-, оригінальн-, αρχικό, 原始, 原邮件, 原郵件, 原文, 元の, 원본, الأصلية, المقورية, מקורית, המקורית, gốc, asli, originalna, izvorna, reply message, antwort, réponse, risposta, respuesta, resposta, svar`)

// message: what a line between dashes calls the thing.
var mailWord = newList(`message, messages, mail, e-mail, email, messaggio, messaggi, nachricht, mensaje, mensagem, bericht, wiadomość, wiadomości, meddelande, meddelelse, melding, viesti, zpráva, správa, mesaj, ileti, üzenet, levél, mesajul, сообщение, сообщения, письмо, повідомлення, лист, съобщение, μήνυμα, poruka,
missatge, originalnachricht, ursprungsnachricht, 邮件, 郵件, 信件, メール, メッセージ, 메시지, 메일, رسالة, الرسالة, הודעה, thư, pesan, originalmeddelande`)

// closings begin the end of a letter.
var closings = newList(`regards, best regards, kind regards, warm regards, kindest regards, warmest regards, best, all the best, best wishes, sincerely, yours sincerely, sincerely yours, yours, yours truly, yours faithfully, respectfully, cheers, thanks, thank you, many thanks, thanks and regards, thx, rgds, kr, brgds, warmly, with thanks, with kind regards, with best regards, with best wishes, very best, talk soon, speak soon, take care, cordially, have a nice day, have a great day, have a good day, have a nice weekend, buona giornata, buona serata, buon lavoro, buon weekend, buon fine settimana,
belle journée, bonne soirée, bonne fin de journée, schönen tag, schönen tag noch, einen schönen tag, schönes wochenende, buen día, que tenga un buen día, buenas tardes, bom dia, boa tarde, bom trabalho, fijne dag, fijne dag verder, miłego dnia, ha en bra dag, trevlig helg, god dag, hyvää päivänjatkoa, hezký den, хорошего дня, гарного дня, iyi günler,
cordiali saluti, distinti saluti, saluti, un saluto, un cordiale saluto, cordialmente, tanti saluti, cari saluti, cordialità, molti cordiali saluti, distintamente, a disposizione, un caro saluto, grazie, grazie mille, in fede, a presto, grazie e saluti, ringraziando, resto in attesa,
mit freundlichen grüßen, mit freundlichem gruß, mit freundlichen gruessen, mit besten grüßen, mit vielen grüßen, freundliche grüße, freundliche grüsse, viele grüße, beste grüße, liebe grüße, schöne grüße, herzliche grüße, gruß, grüße, lg, mfg, vg, hochachtungsvoll, danke, vielen dank, besten dank, mit freundlichen grüssen,
cordialement, bien cordialement, bien à vous, sincères salutations, salutations, meilleures salutations, merci, amicalement, bonne journée, respectueusement, veuillez agréer, sentiments distingués, cdlt, cdt, cordt, bàv, bien à toi, belle soirée, bon week-end, à bientôt,
saludos, un saludo, saludos cordiales, un cordial saludo, atentamente, cordialmente, muchas gracias, gracias, reciba un cordial saludo, le saluda,
atenciosamente, atentamente, cumprimentos, com os melhores cumprimentos, melhores cumprimentos, abraços, obrigado, obrigada, att, grato, cordiais saudações,
met vriendelijke groet, met vriendelijke groeten, vriendelijke groet, vriendelijke groeten, groeten, groet, hartelijke groet, hartelijke groeten, mvg, bedankt, alvast bedankt,
pozdrawiam, z poważaniem, z wyrazami szacunku, serdecznie pozdrawiam, serdecznie, pozdrowienia, dziękuję,
med vänlig hälsning, med vänliga hälsningar, vänliga hälsningar, hälsningar, vänligen, mvh, tack, üdv, udv, bästa hälsningar, med venlig hilsen, venlig hilsen, med vennlig hilsen, vennlig hilsen, hilsen, mange hilsner, tak, takk, vh, ystävällisin terveisin, terveisin, terveiset, kiitos, yst terv,
s pozdravem, s pozdravom, s úctou, zdravím, děkuji, saygılarımla, saygılarımızla, iyi çalışmalar, teşekkürler, selamlar, cu stimă, cu respect, mulțumesc, toate cele bune, üdvözlettel, tisztelettel, köszönettel, lijep pozdrav, srdačan pozdrav, lep pozdrav,
с уважением, с наилучшими пожеланиями, с ув, с уваж, всего доброго, всего хорошего, всего наилучшего, с благодарностью, спасибо, заранее спасибо, с повагою, з повагою, дякую, με εκτίμηση, ευχαριστώ, trân trọng, hormat kami, salam,
此致, 顺祝, 顺颂, 敬颂, 即颂, 祝您, 祝你, 祝工作, 祝商祺, 祝生意, 祝顺利, 祝愿, 敬礼, 敬禮, 顺颂商祺, 祝好, 谢谢, 謝謝, 敬上, よろしくお願い, 敬具, 以上、よろしく, 감사합니다, 드림, 올림, مع تحيات, تحياتي, مع أطيب التحيات, مع خالص التحية, وتفضلوا, בברכה, תודה, בכבוד רב`)

// devices are products that sign mail, and deviceVerbs are how they do it.
var devices = newList(`iphone, iphone'umdan, ipad, ipod, ipad'imden, imac, macbook, apple, android, samsung, galaxy, huawei, xiaomi, redmi, oneplus, pixel, nexus, motorola, moto, nokia, sony, xperia, htc, lg, oppo, vivo, realme, honor, blackberry, windows, outlook, yahoo, gmail, hotmail, aol, mailbox, inbox, mail, mobile, cell, cellphone, mobil, móvil, movil, mobiel, mobilen, mobiltelefon, smartphone, phone, telefon, telefono, téléphone, telefone, handy, handset, cellulare, celular, tablet, tablette,
proton, protonmail, tutanota, tuta, superhuman, spark, newton, airmail, mailspring, thunderbird, nine, bluemail, typemail, k-9, k9, fairemail, hey, front, fastmail, gmx, web.de, web, t-online, libero, virgilio, tiscali, orange, sfr, laposte, zoho, yandex, яндекс, mail.ru, почта, почты, icloud, lumia, verizon, at&t, at, t-mobile, vodafone, tim, iphonesta, androidista, puhelimesta, telefonem, telefonu, mobilu, телефона, смартфона, айфона, iphone-ról, iphoneról, 手机, 手機, 휴대전화, スマートフォン, 邮箱`)

var deviceVerbs = newList(`sent from, sent wirelessly, envoyé sans fil, sent with, sent via, sent using, envoyé de, envoyé depuis, envoyé à partir, envoyé avec, envoyé via,
inviato da, inviato dal, inviato con, inviato tramite, inviata da, spedito da, messaggio inviato, gesendet von, gesendet mit, gesendet aus, gesendet,
von meinem, von meiner, enviado desde, enviado de, enviado do, enviado com, enviado con, enviado via, enviado pelo, enviado por, enviado a partir,
enviada do, verzonden vanaf, verzonden met, verzonden via, verstuurd vanaf, verstuurd met, vanaf mijn, wysłane z, wysłano z, wysłane przez, wysłano,
skickat från, skickat med, skickat, sänt från, sendt fra, sendt med, sendt via, lähetetty, odesláno z, odesláno, odoslané z, poslano iz, poslano s,
poslat, gönderildi, gönderilmiştir, trimis de pe, trimis de la, trimis din, elküldve, küldve, отправлено с, отправлено из, отправлено, надіслано,
надіслано з, изпратено от, στάλθηκε από, enviat des, enviat, saadetud, nosūtīts, išsiųsta, gửi từ, được gửi từ, dikirim dari, 发送, 發送, 发自, 發自, 傳送, 來自我的,
送信, 보냄, 보냈습니다, ส่งจาก, भेजा गया, provenance, ارسال شده از, נשלח, ارسل من, أرسل من, أُرسلت من, تم الإرسال, مرسل من`)

// sources stand between who wrote and what he wrote with.
var sources = newList(`from, via, da, dal, von, vom, du, depuis, desde, van, vanaf, från, fra, z, ze, с, из`)

// fetches are how a mail program offers itself: "Get Outlook for iOS"; programs are those that do.
var fetches = newList(`get, download, télécharge-, obtenez, obtenir, scarica, ottieni, holen sie, hol dir, beziehen, herunterladen, laden sie, obtener, obtén, descarga-, obter, obtenha, baix-, pobierz, hämta, hent, hanki, získej-, edinin, 获取, 取得, 入手, 다운로드, הורד, downloaden, skaffa, získat, získejte, stiahn-, preuzm-, получить, скачать, загрузить, отримати, завантажити, descobre, descarrega-, luați, obțineți`)

var programNames = pieces{"outlook", "yahoo", "gmail", "bluemail", "spark", "proton", "aqua mail", "boxer", "aol"}

// articles and their like never stand in what a device adds in few words of an unknown language.
var articles = newList(`i, my, il, mio, mia, la, le, el, mi, mein, meine, mon, ma, meu, minha, mijn, a, an, the, we, you, your, is, was, has, have, un, una, uno, une, lo, gli, ho, hai, è, ein, eine, einen, ich, das, der, die, ist, j'ai, je, nous, vous, los, las, tengo, uma, tenho, een, het, ik, en, ett, jag, я, у, mam`)
