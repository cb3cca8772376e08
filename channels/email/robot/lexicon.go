package robot

// Words of automatic answers in it, en, de, fr, es, pt, nl, pl, sv, ru, zh, ja, and of subjects in as many again: lower case, composed, with straight apostrophes.

// autoSubjects begin the subjects of automatic answers.
var autoSubjects = []string{
	"risposta automatica", "risponditore automatico", "messaggio automatico", "fuori ufficio",
	"automatic reply", "auto reply", "auto-reply", "autoreply", "automatic response", "auto response", "auto-response", "autoresponse", "auto:", "automated reply",
	"automated response", "out of office autoreply", "out of office", "out of the office", "out-of-office", "vacation reply", "vacation auto", "ooo",
	"automatische antwort", "autom. antwort", "automatische beantwortung", "abwesenheitsnotiz", "abwesenheitsassistent", "abwesenheitsmeldung",
	"réponse automatique", "message d'absence", "absence du bureau", "absent du bureau", "respuesta automática", "fuera de la oficina", "fuera de oficina",
	"resposta automática", "fora do escritório", "ausência temporária", "automatisch antwoord", "automatische reactie", "afwezigheidsbericht", "niet aanwezig",
	"automatyczna odpowiedź", "odpowiedź automatyczna", "poza biurem", "autosvar", "automatiskt svar", "frånvaromeddelande", "frånvaro", "ej på kontoret",
	"автоматический ответ", "автоответ", "автоответчик", "нет на месте", "автоматична відповідь", "автовідповідь", "автоматичен отговор", "αυτόματη απάντηση", "απουσία από το γραφείο",
	"automaattinen vastaus", "poissaoloilmoitus", "poissa toimistosta", "automatická odpověď", "automatická odpoveď", "mimo kancelář", "automatikus válasz", "házon kívül", "otomatik yanıt", "otomatik cevap",
	"ofis dışında", "răspuns automat", "automatski odgovor", "samodejni odgovor", "automatinis atsakymas", "automātiskā atbilde", "automaatvastus", "resposta automàtica", "otomatis", "balasan otomatis", "trả lời tự động",
	"תשובה אוטומטית", "מענה אוטומטי", "رد تلقائي", "الرد التلقائي", "خارج المكتب", "자동 회신", "자동 응답", "자동회신", "자동응답", "부재중", "ตอบกลับอัตโนมัติ", "自动回复", "自動回覆", "自动答复", "自動応答", "自動返信", "不在通知", "不在連絡",
}

// away says that the sender is not there.
var away = []string{
	"sono fuori ufficio", "sarò fuori ufficio", "sono fuori dall'ufficio", "sarò fuori dall'ufficio", "sono assente", "sarò assente", "sono in ferie", "sarò in ferie",
	"non sono in ufficio", "non sarò in ufficio", "fuori sede", "sono in congedo", "ufficio è chiuso", "siamo chiusi", "in maternità", "sono in malattia",
	"i am out of the office", "i am out of office", "i'm out of the office", "i'm out of office", "i will be out of the office", "i will be out of office",
	"i am currently out of", "i'm currently out of", "i'll be out of the office", "i am away", "i'm away", "i will be away", "i am on vacation", "i'm on vacation",
	"i am on annual leave", "i'm on annual leave", "on leave until", "i am on leave", "i'm on leave", "on holiday", "out of the office until", "out of office until", "parental leave",
	"maternity leave", "no longer with", "no longer work", "our office is closed", "our offices are closed",
	"ich bin nicht im büro", "ich bin zur zeit nicht", "ich bin derzeit nicht", "ich bin im urlaub", "ich bin bis", "ich befinde mich", "nicht im haus", "außer haus",
	"bin ich nicht im büro", "bin ich wieder", "ich bin abwesend", "ich bin ab dem", "nicht erreichbar", "in elternzeit",
	"je suis absent", "je suis actuellement absent", "je suis en congé", "je serai absent", "je suis en vacances", "absent du bureau", "absente du bureau", "hors du bureau",
	"estoy fuera de la oficina", "estaré fuera", "me encuentro fuera", "estoy de vacaciones", "estaré de vacaciones", "estoy ausente", "estaré ausente", "fuera de la oficina",
	"estou fora do escritório", "estarei fora", "estou ausente", "estarei ausente", "estou de férias", "encontro-me ausente", "fora do escritório",
	"ik ben afwezig", "ik ben niet aanwezig", "ik ben momenteel niet", "ik ben op vakantie", "ik ben met vakantie", "ik ben tot", "niet op kantoor", "afwezig",
	"jestem poza biurem", "przebywam na urlopie", "jestem na urlopie", "będę nieobecn", "jestem nieobecn", "przebywam poza biurem",
	"jag är inte på kontoret", "jag är på semester", "jag har semester", "jag är ledig", "jag är bortrest", "jag är föräldraledig", "ej på kontoret", "jag är tillbaka",
	"меня нет в офисе", "я в отпуске", "нахожусь в отпуске", "меня не будет", "отсутствую", "вне офиса",
	"不在办公室", "正在休假", "外出", "休假中", "出差", "度假", "不在辦公室", "休暇", "不在", "出張", "外出中",
}

// elsewhere names somebody else, or another way.
var elsewhere = []string{
	"per urgenze", "in caso di urgenza", "per comunicazioni urgenti", "per questioni urgenti", "rivolgersi a", "rivolgetevi", "contattare", "scrivere a", "potete contattare",
	"urgent matters", "if it is urgent", "if urgent", "in urgent cases", "for urgent", "for anything urgent", "immediate assistance", "immediate attention", "in my absence",
	"please contact", "please email", "please get in touch with", "please reach out", "please call", "during my absence",
	"in dringenden fällen", "in dringenden angelegenheiten", "bei dringenden", "wenden sie sich", "kontaktieren sie", "meine vertretung", "vertritt mich",
	"en cas d'urgence", "pour toute urgence", "vous pouvez contacter", "merci de contacter", "veuillez contacter", "adressez-vous", "pendant mon absence",
	"en caso de urgencia", "para asuntos urgentes", "para temas urgentes", "póngase en contacto", "pueden contactar", "contacte con", "durante mi ausencia",
	"em caso de urgência", "assuntos urgentes", "por favor contacte", "por favor, contacte", "entre em contato", "contactar",
	"voor dringende", "in dringende gevallen", "neem contact op", "kunt u contact", "kunt u terecht",
	"w pilnych sprawach", "w sprawach pilnych", "proszę o kontakt z", "proszę kontaktować",
	"vid brådskande", "i brådskande", "kontakta", "vänligen kontakta",
	"по срочным вопросам", "в срочных случаях", "обращайтесь", "свяжитесь с",
	"紧急", "請聯繫", "请联系", "緊急", "お急ぎ", "までご連絡",
}

// back says when the sender returns, or that he answers then.
var back = []string{
	"al mio rientro", "al mio ritorno", "rientrerò", "sarò di nuovo", "tornerò", "fino al", "risponderò al",
	"upon my return", "when i return", "when i'm back", "when i am back", "on my return", "i will return", "i'll return", "i will be back", "i'll be back", "returning on", "back in the office",
	"will respond to your", "will reply to your", "with no access to e", "limited access to e", "no access to my e",
	"nach meiner rückkehr", "wieder im büro", "wieder erreichbar", "wieder für sie da", "wieder da", "zurück", "nach meinem urlaub",
	"à mon retour", "dès mon retour", "de retour le", "je serai de retour", "jusqu'au", "a mi regreso", "a mi vuelta", "hasta el", "al regresar",
	"no meu regresso", "quando regressar", "ao retornar", "até ao dia", "até o dia", "retorno", "bij mijn terugkomst", "weer aanwezig", "ik ben terug", "na terugkomst", "weer bereikbaar",
	"po powrocie", "wracam", "będę z powrotem", "do dnia", "när jag är tillbaka", "tillbaka den", "jag är tillbaka", "åter den",
	"после возвращения", "по возвращении", "вернусь", "до ", "回来", "返回", "回到", "回复您", "回覆您", "戻り次第", "戻ります", "まで", "出社",
}

// unread says that nobody reads what was sent.
var unread = []string{
	"non verrà letta", "non verrà letto", "non verranno lett", "non viene letta", "non rispondere a questo messaggio", "non rispondere a questa", "casella non presidiata", "non sarà inoltrat",
	"will not be read", "is not monitored", "not being monitored", "unmonitored", "do not reply to this", "please do not reply", "will not be forwarded", "not be checking",
	"wird nicht gelesen", "nicht weitergeleitet", "nicht auf diese e-mail", "ne sera pas lu", "ne pas répondre", "no responda a este", "no conteste a este", "não responda a est",
	"niet gelezen", "niet worden gelezen", "prosimy nie odpowiadać", "proszę nie odpowiadać", "svara inte på", "не отвечайте на это", "请勿回复", "返信しないで", "ご返信いただけません",
}

// automatic says that nobody wrote the message.
var automatic = []string{
	"risposta automatica", "messaggio automatico", "generato automaticamente", "generata automaticamente", "inviato automaticamente", "risponditore automatico",
	"automatic reply", "automated reply", "automatic response", "automated response", "automatically generated", "auto-generated", "this is an automated", "this is an automatic",
	"automatic message", "auto-reply", "autoresponder", "automatische antwort", "automatisch generiert", "automatisch erstellt", "automatisch erzeugt", "automatische nachricht",
	"réponse automatique", "message automatique", "généré automatiquement", "envoyé automatiquement", "respuesta automática", "mensaje automático", "generado automáticamente",
	"resposta automática", "mensagem automática", "gerada automaticamente", "automatisch antwoord", "automatisch gegenereerd", "automatisch bericht",
	"wiadomość automatyczna", "automatyczna odpowiedź", "wygenerowana automatycznie", "automatiskt svar", "autosvar", "automatiskt genererat", "автоматический ответ", "автоматическое сообщение",
	"автоматическое уведомление", "自动回复", "自动发送", "自動回覆", "自動送信", "自動返信", "自動配信",
}

// received says that a message has arrived.
var received = []string{
	"abbiamo ricevuto", "ho ricevuto la", "ho ricevuto il suo", "la sua richiesta è stata", "richiesta è stata presa in carico", "grazie per averci contattato", "grazie per averci scritto",
	"we have received", "we received your", "we've received", "has been received", "thank you for contacting", "thank you for your message", "thank you for your email", "thanks for contacting",
	"thank you for reaching out", "your request has been", "haben ihre nachricht erhalten", "haben ihre anfrage erhalten", "vielen dank für ihre nachricht", "vielen dank für ihre anfrage",
	"danke für ihre e-mail", "ist bei uns eingegangen", "nous avons bien reçu", "avons bien reçu votre", "a bien été reçu", "hemos recibido", "gracias por contactar", "gracias por su mensaje",
	"recebemos a sua", "recebemos o seu", "recebemos sua", "obrigado por entrar em contato", "we hebben uw", "bedankt voor uw bericht", "otrzymaliśmy", "dziękujemy za wiadomość",
	"vi har mottagit", "tack för ditt mejl", "tack för ditt meddelande", "получили ваше", "ваше обращение принято", "ваше письмо получено", "已收到", "我们收到了", "受け付けました", "受付いたしました",
	"お問い合わせありがとう", "お問い合わせいただき",
}

// soon says that an answer will come.
var soon = []string{
	"al più presto", "il prima possibile", "entro", "nel più breve tempo", "quanto prima", "numero di ticket", "numero della richiesta",
	"as soon as possible", "shortly", "within", "ticket number", "ticket id", "case number", "reference number", "get back to you", "will be in touch", "will respond",
	"schnellstmöglich", "so schnell wie möglich", "so bald wie möglich", "innerhalb", "in kürze", "ticketnummer", "dans les plus brefs délais", "dès que possible", "sous 24", "sous 48",
	"lo antes posible", "a la mayor brevedad", "en breve", "o mais breve possível", "o mais rápido possível", "brevemente", "zo spoedig mogelijk", "zo snel mogelijk", "binnen",
	"jak najszybciej", "w ciągu", "så snart som möjligt", "inom", "в ближайшее время", "как можно скорее", "в течение", "尽快", "盡快", "追って", "担当者より", "改めて",
}

// wants says that the sender wishes something: then he is a person, whatever else he says.
var wants = []string{
	"mi potete", "potete inviar", "potreste", "può inviar", "potrebbe", "inviatemi", "mandatemi", "vorrei", "ho bisogno", "vi prego di inviar", "vi chiedo", "spedite", "per favore inviate",
	"attendo", "annullare", "rimborso", "please send", "please ship", "please deliver", "please cancel", "please confirm", "please change", "please let me know", "could you", "can you", "would you",
	"i would like", "i'd like", "i need", "send me", "let me know", "my order", "refund", "invoice", "bitte senden", "bitte schicken", "bitte liefern", "bitte stornieren", "könnten sie", "können sie mir", "können sie uns",
	"ich möchte", "ich brauche", "ich hätte gern", "meine bestellung", "rechnung", "pouvez-vous", "pourriez-vous", "je voudrais", "je souhaite", "merci de m'envoyer", "veuillez m'envoyer",
	"ma commande", "facture", "podrían", "podría enviar", "pueden enviar", "quisiera", "necesito", "por favor envíen", "mi pedido", "factura", "poderia", "podem enviar", "gostaria", "preciso de",
	"o meu pedido", "fatura", "kunt u mij", "ik wil graag", "stuur mij", "graag ontvang", "mijn bestelling", "factuur", "proszę o przesłanie", "proszę przesłać", "czy mog", "potrzebuję", "zamówieni",
	"faktur", "kan ni skicka", "kan du skicka", "jag vill", "jag behöver", "skicka mig", "min beställning", "пришлите", "прошу прислать", "прошу отправить", "прошу выслать", "мне нужн", "хотел бы", "мой заказ", "请发", "請發", "我需要", "我想", "订单", "訂單",
	"送ってください", "お願いがあり", "注文",
}
