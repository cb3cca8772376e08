package report

// What servers say, in lower case, in the languages of their makers. Most reports need none of it: they carry a code.

// meaning is a status (RFC 3463) with the words that stand for it.
type meaning struct {
	status string
	words  []string
}

// meanings are asked in this order: what is full was found, and a host that is missing is not a user.
var meanings = []meaning{
	{"5.2.2", []string{
		"mailbox full", "mailbox is full", "mailbox for user is full", "over quota", "overquota", "quota exceeded", "exceeded storage", "exceeds the quota",
		"out of storage space", "inbox is full", "casella piena", "casella di posta è piena", "casella postale è piena", "quota superata", "postfach ist voll",
		"postfach voll", "postfach des empfängers ist voll", "speicherplatz", "boîte aux lettres est pleine", "boîte pleine", "boîte de réception est pleine", "buzón lleno", "buzón de correo está lleno",
		"está lleno", "está llena", "caixa de correio está cheia", "caixa de entrada está cheia", "está cheia", "postvak is vol", "postvak vol", "mailbox is vol", "skrzynka jest pełna", "skrzynka odbiorcza jest pełna", "jest przepełniona",
		"inkorgen är full", "brevlådan är full", "postlådan är full", "переполнен", "ящик полон", "邮箱已满", "信箱已滿", "空间不足", "容量を超え", "いっぱい",
	}},
	{"5.1.2", []string{
		"host not found", "host or domain name not found", "domain not found", "unrouteable address", "unroutable", "unrouteable mail domain",
		"no such domain", "name or service not known", "couldn't find any host", "dns type", "dominio inesistente",
	}},
	{"5.1.1", []string{
		"user unknown", "unknown user", "unknown recipient", "unknown address", "unknown local", "no such user", "no such recipient", "no such mailbox",
		"no such address", "no mailbox here", "mailbox not found", "mailbox unavailable", "address not found", "couldn't be found", "could not be found",
		"wasn't found", "user not found", "recipient not found", "recipnotfound", "account not found", "does not exist", "doesn't exist", "doesn't have a",
		"does not have a", "not listed in domino directory", "not listed in public name", "invalid recipient", "invalid mailbox", "user doesn't",
		"recipient address rejected", "utente sconosciuto", "destinatario sconosciuto", "indirizzo inesistente", "casella inesistente", "non esiste", "non è stato trovato",
		"non è stata trovata", "impossibile trovare l'indirizzo", "unbekannter empfänger", "empfänger unbekannt", "nicht gefunden", "existiert nicht", "utilisateur inconnu",
		"destinataire inconnu", "introuvable", "n'existe pas", "est inconnu", "usuario desconocido", "destinatario desconocido", "no existe",
		"no se encontró", "no se ha encontrado", "não foi encontrad", "não encontrado", "não existe", "destinatário desconhecido", "usuário desconhecido", "utilizador desconhecido",
		"niet gevonden", "bestaat niet", "onbekende gebruiker", "ontvanger onbekend", "adres onbekend", "nie znaleziono", "nie istnieje", "nieznany odbiorca", "nieznany użytkownik", "gick inte att hitta", "kunde inte hittas", "hittades inte",
		"finns inte", "okänd mottagare", "okänd användare", "не найден", "не существует", "неизвестный получатель", "адрес не", "找不到", "不存在", "未找到", "用户不存在", "見つかりません", "存在しません", "宛先不明", "adresse inconnue", "inconnu à cette adresse",
		"adresse n'a pas été trouvée", "n'a pas été trouvé", "empfänger ist unbekannt", "adresse unbekannt", "ist unbekannt", "konnte nicht gefunden", "dirección desconocida", "indirizzo sconosciuto", "indirizzo non valido", "mailbox is disabled", "mailbox disabled", "account is disabled", "account has been disabled", "address couldn't", "no longer available",
	}},
	{"5.7.1", []string{"message rejected", "rejected as spam", "blocked by", "relaying denied", "relay access denied", "not authorized", "blacklisted"}},
	{"4.4.1", []string{"connection timed out", "connection refused", "could not connect", "retry timeout exceeded", "retry time not reached"}},
}

// titles are subjects of reports, or parts of them.
var titles = []string{
	"undeliver", "delivery status notification", "delivery failure", "delivery failed", "delivery has failed", "delivery report",
	"failure notice", "failure delivery", "returned mail", "returned to sender", "mail system error", "mail failure", "nondeliverable",
	"non-delivery", "could not be delivered", "delivery delayed", "delayed mail", "warning: message", "ndn:", "mail delivery",
	"non recapitabile", "mancato recapito", "recapito non riuscito", "impossibile recapitare", "messaggio non consegnato", "mancata consegna",
	"unzustellbar", "nicht zugestellt", "zustellung fehlgeschlagen", "nicht zustellbar", "non remis", "échec de la remise", "échec de remise", "non distribué",
	"no se puede entregar", "no entregado", "no se pudo entregar", "error de entrega", "não entregue", "falha na entrega", "onbestelbaar", "niet bezorgd",
	"nie dostarczono", "niedoręczone", "niedostarczal", "nie można dostarczyć", "nie dostarczon", "går inte att leverera", "kunde inte levereras", "недоставлен", "не доставлено", "не удается доставить", "не удаётся доставить", "невозможно доставить",
	"não é possível entregar", "não foi possível entregar", "não entregue", "kan niet worden bezorgd", "niet afgeleverd", "无法送达", "无法传递", "退信", "未送达", "投递失败", "無法傳遞", "配信不能", "配信できません", "配信エラー", "送信できません", "エラーメール", "전송 실패",
	"配達不能", "mancata consegna", "notificación de estado de entrega", "notification d'état de remise", "benachrichtigung zum zustellungsstatus", "bounce",
}

// delays are said of mail that is still tried.
var delays = []string{
	"delayed", "warning message only", "will continue to", "will be retried", "will retry", "warning only", "will keep trying", "will try again", "not yet been delivered", "delivery will be attempted",
	"temporarily deferred", "temporary problem", "warning: could not send message for past", "ritard", "verzögert", "verspätet", "retardé", "retrasad", "demorad",
}

// givenUp are said of mail that is not.
var givenUp = []string{"given up", "gave up", "giving up", "permanent error", "permanent fatal", "undeliverable"}
