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
	"siamo chiusi per", "resteranno chiusi", "rimarremo chiusi", "resterà chiuso", "chiusura estiva", "sono via", "sarò via", "non sarò disponibile", "in aspettativa",
	"will be away from", "on sick leave", "has left", "has moved on", "office will be closed", "we are closed", "our office closes", "away from my desk", "out of the country", "travelling", "on paternity leave", "not in the office", "out of office until",
	"im urlaub", "betriebsferien", "bin ich im urlaub", "ich bin vom", "ich bin zurzeit", "ich bin ab", "nicht am arbeitsplatz", "auf dienstreise", "geschlossen", "nicht mehr im unternehmen", "nicht mehr bei",
	"en congés", "en congé", "en déplacement", "absente du", "je suis absente", "je serai absente", "fermés", "fermeture", "ne suis plus", "ne fait plus partie",
	"no me encuentro", "no estoy en la oficina", "estaré fuera", "de vacaciones", "cerrad", "ya no trabaja", "de baja",
	"de férias", "não estou no escritório", "estarei ausente", "fechad", "já não trabalha", "não trabalha mais",
	"niet aanwezig", "met verlof", "gesloten", "niet meer werkzaam", "afwezig van",
	"na urlopie", "nieobecn", "nie ma mnie", "jesteśmy nieczynni", "biuro nieczynne", "już nie pracuje",
	"på semester", "semesterstängt", "jag är inte på plats", "tjänstledig", "föräldraledig", "jag är borta", "har slutat", "stängt",
	"в отпуске", "в командировке", "нет на рабочем месте", "больше не работает", "буду отсутствовать", "я отсутствую", "не работаем",
	"年假", "产假", "不在公司", "已离职", "放假", "育休", "産休", "席を外", "退職",
	"no longer works here", "enjoying some time off", "in trasferta", "absente ce jour", "absent ce jour", "en licença", "licença maternidade", "ik werk niet op", "zwolnieniu lekarskim", "jag arbetar inte", "офис не работает", "休業とさせて", "休業いたします", "休業日", "连休", "op vakantie", "met vakantie", "à l'étranger", "unterwegs", "休假至", "年假中", "我在休假",
	"wieder erreichbar", "weer bereikbaar",
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
	"rivolgervi", "può contattare", "contatti", "può rivolgersi", "scriva a", "scrivete a", "chiami", "chiamare", "chiamate il",
	"please ring", "ring the", "please direct", "kindly send", "please send all", "please forward", "please write to", "direct enquiries", "for any urgent", "if your matter", "please speak to", "emergencies",
	"erreichen sie", "in dringend", "schreiben sie an", "steht ihnen", "vertretung", "bei fragen",
	"merci de joindre", "vous pouvez écrire", "vous pouvez joindre", "contactez", "adresser à", "en mon absence",
	"escribe a", "escriba a", "si es urgente", "contactad", "contacte", "contactar con", "cualquier urgencia", "llame al",
	"urgências", "contacte", "fale com", "escreva para", "ligue para", "casos urgentes",
	"dringende zaken", "contact opnemen", "terecht bij", "mail naar", "bel",
	"w pilnych", "pilnych", "kontakt z", "proszę pisać", "proszę dzwonić", "zastępuje mnie",
	"ring växeln", "vid brådskande", "ring", "mejla", "akuta ärenden",
	"пишите", "звоните", "обратитесь", "срочн", "замещает",
	"紧急", "紧急事宜", "代表電話", "緊急の", "までお電話",
	"urgent", "urgenz", "dringlich", "spoed", "pilne", "akut", "please update your records", "is looking after", "encaminhe", "zastępuje", "chiamatemi",
	"if you need us", "if you need help sooner",
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
	"al rientro", "rientro", "riapertura", "riapriremo", "di ritorno", "dal lunedì", "leggerò", "risponderemo alla", "risponderò",
	"my return", "will reopen", "reopen on", "back on", "will reply", "will respond", "get back to you", "respond to your", "access to email", "returning", "as soon as i can", "when we reopen", "respond then", "there may be a delay", "delay in my response",
	"wieder für", "wieder zurück", "ab montag", "ab dem", "bis einschließlich", "nach meiner", "bearbeiten wir", "beantworte", "melde mich", "bin wieder", "erst wieder",
	"jusqu'à", "mon retour", "de retour", "répondrai", "prendrai connaissance", "à partir du", "réouverture", "inclus",
	"volveré", "a la vuelta", "contestaré", "responderé", "regreso", "hasta", "vuelvo",
	"assim que voltar", "responderei", "voltarei", "regresso", "até", "retornarei",
	"weer bereikbaar", "tot en met", "beantwoord", "terug op", "ben ik er weer", "reageer ik",
	"odpowiem", "wrócę", "do dnia", "od dnia", "po urlopie", "powrocie",
	"åter", "återkommer", "svarar när", "tillbaka", "till och med", "t o m",
	"отвечу", "после", "выйду", "с понедельника", "по возвращении", "вернусь",
	"届时", "回复您", "返回办公室", "复工", "ご返信", "出社", "再開",
	"respond", "risponder", "antwort", "répond", "contestar", "odpowi", "svarar", "ответ", "回复", "返答", "返信", "ungelesen", "je hoort", "hör von mir", "順次", "bis dahin", "leggerò",
}

// unread says that nobody reads what was sent.
var unread = []string{
	"non verrà letta", "non verrà letto", "non verranno lett", "non viene letta", "non rispondere a questo messaggio", "non rispondere a questa", "casella non presidiata", "non sarà inoltrat",
	"will not be read", "is not monitored", "not being monitored", "unmonitored", "do not reply to this", "please do not reply", "will not be forwarded", "not be checking",
	"wird nicht gelesen", "nicht weitergeleitet", "nicht auf diese e-mail", "ne sera pas lu", "ne pas répondre", "no responda a este", "no conteste a este", "não responda a est",
	"niet gelezen", "niet worden gelezen", "prosimy nie odpowiadać", "proszę nie odpowiadać", "svara inte på", "не отвечайте на это", "请勿回复", "返信しないで", "ご返信いただけません",
	"non controll", "non presidiat", "non è più attiv", "indirizzo non è più",
	"not be monitoring", "no longer monitored", "no longer in use", "no longer active", "not be checked", "checked twice", "limited access",
	"nicht gelesen", "wird nicht weitergeleitet", "nicht mehr gültig", "nicht überwacht",
	"n'est plus active", "n'est plus utilisée", "ne consulterai",
	"ya no está activ", "no será leíd",
	"não será lid", "acesso limitado", "desativad",
	"niet meer in gebruik", "wordt niet",
	"nie jest monitorowan", "nieaktualn",
	"läses inte", "inte längre",
	"не читается", "больше не используется",
	"不再使用", "不会查看", "確認できません",
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
	"accusiamo ricevuta", "la sua mail è", "la tua email è", "la sua email è", "ha ricevuto la sua", "presa in carico", "grazie per la sua", "grazie per la tua",
	"thank you for getting in touch", "thanks for getting in touch", "many thanks for your", "thanks for your email", "thank you for writing", "your message has been", "your email has been", "we got your", "acknowledge receipt",
	"ihr anliegen erhalten", "vielen dank für ihre e-mail", "vielen dank für deine", "danke für ihre", "ihre e-mail erhalten", "ihre nachricht ist",
	"accusons réception", "accuse réception", "merci pour votre", "merci de votre message", "votre demande a", "votre message a",
	"hemos recibido", "su mensaje ha", "su solicitud ha", "gracias por escribir", "gracias por tu",
	"recebemos", "agradecemos o seu", "obrigado pelo seu", "obrigada pelo seu", "a sua mensagem foi",
	"bedankt voor je", "bedankt voor uw", "wij hebben je", "ontvangen",
	"dziękujemy za", "wiadomość została", "otrzymałem",
	"tack för att du", "ditt ärende", "ditt meddelande har", "vi har tagit emot",
	"обращение получено", "письмо получено", "спасибо за ваше", "спасибо за обращение", "зарегистрирован",
	"邮件已收到", "来信已收到", "感谢您的来信", "受付しました", "メールを受信", "お問合せ",
	"thanks for your message", "thank you for your enquiry", "messaggio ricevuto", "ihre nachricht ist bei", "gracias por escribir", "gracias por su", "спасибо за письмо", "感谢您的", "お問い合わせには", "merci pour votre message",
}

// soon says that an answer will come.
var soon = []string{
	"al più presto", "il prima possibile", "entro", "nel più breve tempo", "quanto prima", "numero di ticket", "numero della richiesta",
	"as soon as possible", "shortly", "within", "ticket number", "ticket id", "case number", "reference number", "get back to you", "will be in touch", "will respond",
	"schnellstmöglich", "so schnell wie möglich", "so bald wie möglich", "innerhalb", "in kürze", "ticketnummer", "dans les plus brefs délais", "dès que possible", "sous 24", "sous 48",
	"lo antes posible", "a la mayor brevedad", "en breve", "o mais breve possível", "o mais rápido possível", "brevemente", "zo spoedig mogelijk", "zo snel mogelijk", "binnen",
	"jak najszybciej", "w ciągu", "så snart som möjligt", "inom", "в ближайшее время", "как можно скорее", "в течение", "尽快", "盡快", "追って", "担当者より", "改めて",
	"le risponderà", "risponderemo", "le risponderemo", "ti risponderemo", "24 ore", "48 ore",
	"will reply", "working day", "business day", "24 hours", "48 hours", "member of the team", "one of our team",
	"melden uns", "melden wir uns", "werktag", "umgehend",
	"vous répondrons", "meilleurs délais", "jours ouvrés", "reviendrons vers vous",
	"le responderemos", "días laborables", "horas hábiles", "pronto",
	"responderemos", "dias úteis", "em breve",
	"werkdagen", "nemen contact", "reageren wij",
	"odpowiemy", "dni roboczych", "niezwłocznie",
	"svarar dig", "återkommer", "arbetsdagar",
	"ответит вам", "ответим", "свяжемся с вами",
	"工作日", "会尽快", "回复您", "営業日", "ご返答", "ご連絡いたします",
	"we aim to", "rispondiamo", "appena possibile", "vorgangsnummer", "responderemos", "plazo de", "ответим", "个工作日", "順次", "unter der nummer", "wird bearbeitet",
}

// wants says that the sender wishes something: then he is a person, whatever else he says.
var wants = []string{
	"i want", "voglio", "ich will ", "je veux", "quiero", "quero ", "ik wil", "chcę", "jag vill", "я хочу", "хочу ", "我要", "我想",
	"mi potete", "potete inviar", "potreste", "può inviar", "potrebbe", "inviatemi", "mandatemi", "vorrei", "ho bisogno", "vi prego di inviar", "vi chiedo", "spedite", "per favore inviate",
	"attendo", "annullare", "rimborso", "please send", "please ship", "please deliver", "please cancel", "please confirm", "please change", "please let me know", "could you", "can you", "would you",
	"i would like", "i'd like", "i need", "send me", "let me know", "my order", "refund", "invoice", "bitte senden", "bitte schicken", "bitte liefern", "bitte stornieren", "könnten sie", "können sie mir", "können sie uns",
	"ich möchte", "ich brauche", "ich hätte gern", "meine bestellung", "rechnung", "pouvez-vous", "pourriez-vous", "je voudrais", "je souhaite", "merci de m'envoyer", "veuillez m'envoyer",
	"ma commande", "facture", "podrían", "podría enviar", "pueden enviar", "quisiera", "necesito", "por favor envíen", "mi pedido", "factura", "poderia", "podem enviar", "gostaria", "preciso de",
	"o meu pedido", "fatura", "kunt u mij", "ik wil graag", "stuur mij", "graag ontvang", "mijn bestelling", "factuur", "proszę o przesłanie", "proszę przesłać", "czy mog", "potrzebuję", "zamówieni",
	"faktur", "kan ni skicka", "kan du skicka", "jag vill", "jag behöver", "skicka mig", "min beställning", "пришлите", "прошу прислать", "прошу отправить", "прошу выслать", "мне нужн", "хотел бы", "мой заказ", "请发", "請發", "我需要", "我想", "订单", "訂單",
	"送ってください", "お願いがあり", "注文",
}

// polite is what anybody says besides.
var polite = []string{
	"gentile", "buongiorno", "salve", "cordiali saluti", "distinti saluti", "grazie", "la ringrazi", "buone feste", "buona giornata", "dear", "hello", "thank", "regards", "sorry", "apolog", "please note", "happy ", "merry", "wish you", "best wishes", "understanding",
	"guten tag", "sehr geehrte", "freundlichen grüßen", "freundliche grüße", "vielen dank", "verständnis", "frohe", "ihre e-mail", "bonjour", "cordialement", "merci", "bonnes fêtes", "votre message", "votre mail", "hola", "saludos", "un saludo", "gracias", "felices", "su mensaje", "olá", "obrigad", "cumprimentos", "atenciosamente", "boas festas",
	"bedankt", "met vriendelijke", "groet", "beste ", "dzień dobry", "pozdrawiam", "z poważaniem", "dziękuj", "hej", "tack", "vänliga hälsningar", "med vänlig", "здравствуйте", "добрый день", "уважени", "спасибо", "您好", "你好", "谢谢", "感谢", "此致", "敬礼", "お世話", "よろしく", "申し訳", "ありがとう", "ご迷惑",
}

// joints join another thought to what was said.
var joints = []string{
	". ", "? ", " so ", " but ", ", and ", " and ", " therefore ", " quindi ", " perciò ", " ma ", " e ", " pertanto ", " donc ", " mais ", " et ", " daher ", " deshalb ", " aber ", " und ", ", also ", " así que ", " pero ", " por lo que ", " y ", " então ", " portanto ", " mas ", " dus ", " maar ", " en ",
	" więc ", " ale ", " dlatego ", " i ", ", så ", " men ", " och ", " поэтому ", " но ", " и ", " так что ", "所以", "因此", "但", "ので、", "が、",
}

// things are what a person who is away speaks of, and what is to be done with them; no automatic answer does.
var things = []string{
	"consegn", "pacco", "spostiamo", "ripass", "verrò", "venite",
	"parcel", "package", "deliver", "warranty", "stopped working", "my phone", "my laptop", "works for me", "tuesday works", "my wife", "my husband", "pass has been", "attached is",
	"liefer", "paket", "abholen", "verlängern", "hotline",
	"colis", "livr", "décalons", "rendez-vous",
	"entreg", "paquete", "recoger", "recog", "devuelv",
	"entreg", "encomenda", "enviem",
	"bezorg", "pakket", "afspraak",
	"dostarcz", "paczk", "przesył",
	"leverera", "paketet", "hämta",
	"достав", "привез", "посылк", "заказ", "возвращаем",
	"送货", "包裹", "改到", "配達", "荷物", "変更して",
}

// faults are found with what has arrived.
var faults = []string{
	"manca", "rott", "sbagliat", "difettos", "danneggiat", "missing", "broken", "wrong", "damaged", "faulty", "defekt", "kaputt", "fehlt", "falsch", "beschädigt", "cassé", "manque", "abîmé", "erron", "roto", "rota", "falta", "equivocad", "dañad", "quebrad", "errad", "danificad",
	"kapot", "ontbreekt", "verkeerd", "beschadigd", "zepsut", "brakuje", "uszkodz", "trasig", "saknas", "skadad", "слом", "не хватает", "брак", "坏", "缺", "壊れ", "足りない", "破損",
}
