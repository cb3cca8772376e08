package robot_test

import "testing"

// absences are automatic answers without any field that says so: subject, text.
var absences = [][2]string{
	{"Re: Order 4411", "Hello,\n\nI'm out of the office this week with no access to email. I'll get back to you when I return on 17 March.\n\nFor anything urgent please ring the front desk on 01632 960 555.\n\nPriya"},
	{"Away from my desk Re: Order 4411", "Thank you for your email. I am currently on maternity leave and will not be monitoring this inbox. Please direct enquiries to reception@brook.example."},
	{"Re: invoice", "Many thanks for getting in touch. Our office is closed for the Easter break and will reopen on Tuesday 22 April. We will respond to your message then."},
	{"Thank you for your message", "Thank you for contacting Elm Dental. This mailbox is checked twice a day and a member of the team will reply within one working day."},
	{"Re: hello", "Please note that Karen Oduya has left Northbank. Kindly send all future correspondence to enquiries@northbank.example. This mailbox is no longer monitored."},
	{"Annual leave", "I am on annual leave from 3 to 14 March and will reply on my return. Please contact Dee Ross (dee@ross.example) in the meantime."},
	{"R: Ordine 88", "Gentile cliente,\nsarò assente dal 10 al 21 agosto. Per urgenze potete rivolgervi al collega Paolo Riva (p.riva@ferri.example).\nCordiali saluti"},
	{"Assente: Ordine 88", "Sono in ferie fino al 25 agosto e leggerò la posta al mio rientro."},
	{"Chiusura estiva", "Gli uffici resteranno chiusi per ferie dall'11 al 22 agosto. Risponderemo alla Vostra mail alla riapertura. Grazie."},
	{"Re: Richiesta", "Grazie per averci scritto! La sua mail è arrivata correttamente: il nostro team le risponderà entro 24 ore lavorative."},
	{"AW: Bestellung", "Guten Tag,\nvielen Dank für Ihre Nachricht. Ich bin vom 10.03. bis einschließlich 21.03. im Urlaub. Ihre E-Mail wird nicht weitergeleitet. In dringenden Fällen erreichen Sie meine Kollegin unter 0431 555 012."},
	{"Abwesend: Bestellung", "Ich bin zurzeit außer Haus und ab Montag, den 24. März, wieder für Sie da."},
	{"Betriebsferien", "Wir machen Betriebsferien vom 4. bis 18. August. Ihre Anfrage bearbeiten wir ab dem 19. August."},
	{"Ihre Anfrage", "Vielen Dank für Ihre E-Mail. Wir haben Ihr Anliegen erhalten und melden uns schnellstmöglich bei Ihnen."},
	{"RE: Commande", "Bonjour,\nactuellement en congés jusqu'au 24 août inclus, je prendrai connaissance de votre message à mon retour. En cas d'urgence, merci de joindre Luc au 06 39 98 01 23."},
	{"Absence", "Je suis absente du bureau jusqu'au lundi 17 mars. Vous pouvez écrire à accueil@roux.example."},
	{"Re: facture", "Nous accusons réception de votre demande et vous répondrons dans les meilleurs délais."},
	{"Respuesta: Pedido", "Hola, estaré de vacaciones del 4 al 18 de agosto. Si es urgente escribe a turno@gil.example; si no, te contestaré a la vuelta."},
	{"Ausente Re: Pedido", "En estos momentos no me encuentro en la oficina. Volveré el lunes 17 de marzo. Para cualquier urgencia contactad con Ana (ana@gil.example)."},
	{"RES: Pedido", "Olá! Estou de férias até 20 de janeiro e responderei assim que voltar. Urgências: financeiro@alves.example."},
	{"Ausência", "Encontro-me ausente do escritório de 10 a 14 de março, com acesso limitado ao e-mail. Em caso de urgência contacte a Rita."},
	{"Re: bestelling", "Bedankt voor je mail! Ik ben met vakantie tot en met 24 augustus. Voor dringende zaken kun je terecht bij Henk (henk@visser.example)."},
	{"Afwezig", "Ik ben vandaag niet aanwezig. Maandag 17 maart ben ik weer bereikbaar."},
	{"Odp: zamówienie", "Dzień dobry, w dniach 10-21 marca przebywam na urlopie. W pilnych sprawach proszę o kontakt z Ewą Król (e.krol@palety.example)."},
	{"Nieobecność", "Jestem na urlopie do 24 sierpnia. Odpowiem po powrocie."},
	{"SV: order", "Hej! Jag är på semester och åter den 18 augusti. Vid brådskande ärenden, ring växeln på 08-555 012 34."},
	{"Re: заказ", "Здравствуйте! Я в отпуске с 10 по 21 марта. По срочным вопросам пишите Ольге: olga@vektor.example. Отвечу после возвращения."},
	{"Re: заявка", "Ваше обращение получено и зарегистрировано под номером 4411. Специалист ответит вам в ближайшее время."},
	{"回复: 订单", "您好，您的邮件已收到。我目前正在休假，3月17日返回办公室，届时会尽快回复您。紧急事宜请联系李强：li@yuanda.example。"},
	{"Re: 注文", "お世話になっております。3月10日から14日まで休暇をいただいております。お急ぎの場合は代表電話までご連絡ください。戻り次第ご返信いたします。"},
	{"Re: quote", "Thank you for your email. I am travelling on business until 9 May with intermittent access to mail. My colleague Tom Reed (tom@x.example) is looking after my accounts."},
	{"Out of office: quote", "Hi there! I'm enjoying some time off and will be back at my desk on Monday 12 May. Talk soon, Zoe"},
	{"Re: booking", "Hello and thanks for your message! We aim to answer all enquiries within two working days. If you need us sooner, call 01632 960 555."},
	{"Fwd: doc", "This person no longer works here. Please update your records and use info@x.example."},
	{"R: preventivo", "Buongiorno, oggi sono in trasferta e leggerò la posta in serata. Per cose urgenti chiamatemi al 347 555 0199."},
	{"Re: ordine", "Messaggio ricevuto! Ti rispondiamo appena possibile, di solito in giornata."},
	{"AW: Frage", "Ich bin am 2. Mai wieder erreichbar. Ihre Nachricht bleibt so lange ungelesen."},
	{"Eingangsbestätigung", "Ihre Nachricht ist bei uns eingegangen und wird unter der Vorgangsnummer 4411 bearbeitet."},
	{"RE: devis", "Absente ce jour, je vous répondrai demain. Bien cordialement, Claire"},
	{"Re: consulta", "Gracias por escribirnos. Responderemos a su consulta en un plazo de 48 horas."},
	{"RES: dúvida", "Estou em licença maternidade até setembro. Por favor, encaminhe as solicitações para rh@x.example."},
	{"Re: vraag", "Ik werk niet op vrijdag. Je hoort maandag van mij."},
	{"Odp: pytanie", "Dziękuję za wiadomość. Do 5 maja jestem na zwolnieniu lekarskim, zastępuje mnie Jan Maj (j.maj@x.example)."},
	{"SV: fråga", "Tack för ditt mejl. Jag arbetar inte i dag men svarar dig i morgon."},
	{"Re: вопрос", "Спасибо за письмо! С 1 по 10 мая наш офис не работает. Ответим 11 мая."},
	{"回复：咨询", "感谢您的来信，我们将在两个工作日内回复您。"},
	{"Re: 質問", "ゴールデンウィーク期間中（5月3日〜6日）は休業とさせていただきます。お問い合わせには7日以降順次ご返答いたします。"},
}

// present are people who talk about being away, about machines, of what they received: subject, text.
var present = [][2]string{
	{"Delivery", "I will be away until Friday, so please don't deliver before then. After that any day is fine."},
	{"Re: delivery", "I'm on holiday from the 3rd to the 10th. Leave the parcel with number 14, please contact them on 07700 900142 if nobody opens."},
	{"Out of office hours", "Your shop was closed when I came at noon. When do you open on Saturdays"},
	{"Re: invoice", "We have received the invoice but not the goods. They should have been here within a week."},
	{"Automatic gate opener", "The automatic gate opener I bought in May has stopped working. It is still under warranty."},
	{"Automatic reply to my mails", "All I ever get is your automatic reply saying you are out of the office. I want to speak to a person."},
	{"Re: your absence", "Thanks for letting me know you are away. I'll wait for your return on Monday, no rush."},
	{"Leave request form", "Attached is my annual leave form for the first two weeks of July, signed by Karen."},
	{"Re: handover", "As I am no longer with Northbank, my laptop should be collected from my home address. Tuesday works."},
	{"Parental leave", "My wife is on maternity leave until June and her pass has been blocked by mistake. Her number is 5512."},
	{"Ferie", "Sono in ferie fino al 20, quindi consegnate dopo quella data. Il portinaio c'è sempre."},
	{"Fuori sede", "Sono fuori sede fino a giovedì: spostiamo l'incontro a venerdì alle 10."},
	{"Re: ordine", "Ho ricevuto la merce ma mancano due pezzi. Li aspetto entro la settimana."},
	{"Chiuso", "Siamo passati ieri ma il negozio era chiuso per ferie. Ripasseremo lunedì con lo scontrino."},
	{"Urlaub", "Ich bin im Urlaub und das Paket liegt jetzt bei der Post. Verlängern Sie bitte die Lagerfrist bis zum 24. März."},
	{"Nicht erreichbar", "Ihre Hotline ist nicht erreichbar. Ich versuche es seit drei Tagen und bin erst am Montag wieder im Büro."},
	{"AW: Termin", "Am Dienstag bin ich nicht im Büro, Mittwoch passt mir aber gut. Ich komme um zehn."},
	{"Abwesenheit unserer Tochter", "Unsere Tochter Mia ist krank und kommt bis Freitag nicht in die Schule."},
	{"Congés", "Je suis en congé jusqu'au 15, livrez-moi plutôt le 16 au matin. Le code de la porte est 4411."},
	{"RE: rendez-vous", "Je serai absent mardi, décalons à jeudi. Luc viendra à ma place si besoin."},
	{"Vacaciones", "Estaré de vacaciones hasta el 18, así que recogeré el pedido el 19 por la mañana."},
	{"Re: recogida", "He recibido el paquete equivocado. Lo devuelvo en breve, el código es 991."},
	{"Férias", "Estarei fora até o dia 20 e a encomenda voltou para o remetente. Enviem de novo depois dessa data."},
	{"Vakantie", "Ik ben op vakantie tot de 24e, dus bezorg het pakket maar bij de buren op nummer 8."},
	{"Urlop", "Jestem na urlopie do 20 marca, więc proszę dostarczyć paczkę po tej dacie do sąsiadki spod ósemki."},
	{"Semester", "Jag är på semester till den 18:e, så lämna paketet hos grannen på nummer 8. Koden är 4411."},
	{"Отпуск", "Я в отпуске до 20 марта, поэтому привезите заказ после этой даты. Код домофона 4411."},
	{"Re: заказ", "Получили ваше оборудование, но в течение часа оно сломалось. Мы возвращаем его."},
	{"出差", "我这周出差，周五才回来，请把送货时间改到周六上午。"},
	{"休暇", "来週は休暇をいただくので、配達は月曜日以降に変更してください。よろしくお願いします。"},
	{"quote", "I'm travelling next week but my colleague Tom can sign for it on Thursday morning, he sits on the second floor."},
	{"Re: booking", "Thanks for your reply. We'll come on Saturday then, two adults and a dog."},
	{"moving", "We have left the flat and returned the keys to the agent; the deposit goes to the account below."},
	{"desk", "My desk arrived with a scratch, I'm sending photos as soon as possible."},
	{"ferie", "Vorrei prenotare le ferie dal 10 al 20 agosto, il responsabile ha già firmato."},
	{"assenza", "Comunico la mia assenza di domani per visita medica."},
	{"Re: turno", "Domani sono assente, mi sostituisce Paolo dalle 8 alle 14."},
	{"Krank", "Ich bin krank und kann am Dienstag nicht zum Training kommen."},
	{"Urlaub", "Wir sind im Urlaub und haben die Rechnung erst heute gesehen, die Überweisung ist raus."},
	{"absence", "Mon fils sera absent vendredi, il a un rendez-vous chez le dentiste."},
	{"congé", "Je pose mes congés du 4 au 18 août, merci de valider dans l'outil."},
	{"vacaciones", "Al volver de vacaciones encontré la puerta rota y falta la bicicleta."},
	{"férias", "Voltei de férias e o aparelho não liga mais."},
	{"vakantie", "Na mijn vakantie bel ik u over de offerte, die ziet er goed uit."},
	{"urlop", "Po powrocie z urlopu zauważyłam, że lodówka nie działa."},
	{"semester", "Efter semestern vill vi gärna komma och titta på lägenheten."},
	{"отпуск", "Вернулись из отпуска, а интернета нет третий день."},
	{"休假", "我休假回来发现门锁坏了。"},
	{"休暇", "休暇から戻りましたが、まだ商品が届いていません。"},
}

// E-27: automatic answers that no field gives away, and people's mails that talk of the same.
func TestE27Absences(t *testing.T) {
	for _, c := range absences {
		if kind, reason := classify("From: a@x.example\nSubject: "+c[0]+"\n\n"+c[1], nil); kind != reply {
			t.Errorf("not seen: %s | %q: %v %s", c[0], c[1], kind, reason)
		}
	}
	for _, c := range present {
		if kind, reason := classify("From: a@x.example\nSubject: "+c[0]+"\n\n"+c[1], nil); kind != person {
			t.Errorf("a person: %s | %q: %v %s", c[0], c[1], kind, reason)
		}
	}
}
