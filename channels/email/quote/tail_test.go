package quote

import (
	"fmt"
	"testing"

	"sportello/channels"
)

const quotedBelow = "\n\nIl giorno lun 5 feb 2024 alle ore 10:30 Anna <anna@bottega.example> ha scritto:\n\n> Gentile cliente,\n> il pacco parte domani.\n"

// Signatures, each as a whole.
var signaturesOf = []string{
	"-- \nMario Rossi", "--\nMario Rossi\nAcme Srl", "—\nMario Rossi\nAcme", "__\nMario Rossi\nTel. 02 1234567",
	"-- \nMario Rossi\nResponsabile acquisti\n\nAcme Srl\nVia Roma 1\n20100 Milano\nP.IVA 01234567890\nwww.acme.example",
	"---\nMario Rossi\nmario@acme.example", "____________\nMario Rossi\n+39 02 1234567", "–––––\nMario Rossi\nmario@acme.example",
	// what devices add
	"Sent from my iPhone", "Sent from my iPad", "Sent from my Samsung Galaxy smartphone.", "Get Outlook for iOS", "Get Outlook for Android<https://aka.example/x>",
	"Sent from Outlook for iOS (https://aka.example/x)", "Sent from Mail for Windows 10", "Sent from Yahoo Mail on Android", "Sent with Proton Mail secure email.", "Sent via Superhuman",
	"Inviato da iPhone", "Inviato dal mio iPad", "Inviato da Outlook per Android", "Inviato da Libero Mail", "Inviato dal mio telefono Huawei", "Scarica Outlook per iOS", "Inviato da Posta per Windows", "Inviato con Proton Mail",
	"Von meinem iPhone gesendet", "Gesendet von Outlook für iOS", "Gesendet mit der GMX Mail App", "Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.", "Holen Sie sich Outlook für Android",
	"Envoyé de mon iPhone", "Envoyé depuis mon téléphone Orange", "Télécharger Outlook pour Android", "Envoyé à partir de Outlook pour iOS",
	"Enviado desde mi iPhone", "Enviado desde mi Samsung Mobile de Claro", "Obtener Outlook para Android", "Enviado do meu iPhone", "Obter o Outlook para iOS", "Enviado do Email para Windows",
	"Verstuurd vanaf mijn iPhone", "Verzonden vanaf Outlook voor iOS", "Outlook voor Android downloaden",
	"Wysłane z iPhone'a", "Wysłane z iPhone", "Pobierz aplikację Outlook dla systemu iOS", "Skickat från min iPhone", "Hämta Outlook för Android", "Sendt fra min iPhone", "Lähetetty iPhonesta",
	"Odesláno z iPhonu", "Odesláno ze Seznam Email aplikace na iPhone", "iPhone'umdan gönderildi", "Trimis de pe iPhone", "Az iPhone-omról küldve",
	"Отправлено с iPhone", "Отправлено из мобильной Яндекс Почты", "Надіслано з iPhone", "Στάλθηκε από το iPhone μου",
	"从我的 iPhone 发送", "发自我的iPhone", "從我的 iPhone 傳送", "iPhoneから送信", "나의 iPhone에서 보냄", "أرسل من الـ iPhone", "נשלח מה-iPhone שלי",
	// closing words, name, how to reach him
	"Cordiali saluti,\nMario Rossi", "Cordiali saluti\n\nMario Rossi\nAcme Srl\nTel. +39 02 1234567\nmario@acme.example\nwww.acme.example", "Distinti saluti.\n\nDott.ssa Maria Rossi\nUfficio acquisti",
	"Grazie e cordiali saluti,\nMario", "Un caro saluto\nMario", "Saluti,\nMario Rossi\ncell. 333 1234567",
	"Best regards,\nJohn Smith", "Kind regards\n\nJohn Smith | Sales Manager\nT: +44 20 7946 0000 | M: +44 7700 900000\nE: john@acme.example | W: www.acme.example", "Thanks,\nJohn", "Many thanks and best regards,\n\nJohn", "Sincerely,\nJohn Smith, PhD", "Cheers\nJohn",
	"Mit freundlichen Grüßen\n\nHans Müller\nVertrieb\n\nFirma GmbH\nHauptstraße 1\n10115 Berlin\nTel.: 030 1234567", "Viele Grüße\nHans", "LG\nHans", "Mit besten Grüßen aus Berlin\nHans Müller",
	"Cordialement,\nJean Dupont", "Bien à vous,\n\nJean Dupont\n06 12 34 56 78", "Merci d'avance,\nJean",
	"Saludos,\nJuan Pérez", "Un cordial saludo,\n\nJuan Pérez\nTel. 91 123 45 67", "Atenciosamente,\n\nJoão Silva\nGerente", "Obrigado,\nJoão",
	"Met vriendelijke groet,\n\nJan de Vries\nTelefoon 020 1234567", "Z poważaniem\nJan Kowalski\ntel. 22 123 45 67", "Pozdrawiam,\nJan", "Med vänliga hälsningar\nSven Svensson", "Mvh\nSven", "Med venlig hilsen\nHans Hansen", "Ystävällisin terveisin\nMatti Meikäläinen",
	"S pozdravem\nJan Novák", "С уважением,\nИван Петров\nООО «Ромашка»\nтел. +7 495 123-45-67", "С уважением,\nИван", "З повагою,\nІван Петренко", "Saygılarımla,\nAli Yılmaz", "Üdvözlettel,\nKovács János", "Cu stimă,\nIon Popescu", "Με εκτίμηση,\nΓιώργος Παππάς",
	"此致\n敬礼\n王小明", "よろしくお願いいたします。\n\n山田太郎\n株式会社アクメ\n03-1234-5678", "감사합니다.\n홍길동 드림", "مع أطيب التحيات،\nأحمد علي", "בברכה,\nדוד כהן",
	// no closing words
	"Mario Rossi\nAcme Srl\nVia Roma 1, 20100 Milano\nTel. +39 02 1234567\nmario@acme.example", "John Smith\nSales Manager, Acme Inc.\n+1 (555) 010-0000\nwww.acme.example",
}

// Legal notices, each as a whole.
var noticesOf = []string{
	"This email and any attachments are confidential and intended solely for the addressee. If you are not the intended recipient, please notify the sender and delete it.",
	"CONFIDENTIALITY NOTICE: The contents of this email message and any attachments are intended solely for the addressee(s) and may contain confidential and/or privileged information.\nIf you are not the intended recipient, any disclosure is prohibited.",
	"Ai sensi del Regolamento UE 2016/679 si precisa che le informazioni contenute in questo messaggio sono riservate e ad uso esclusivo del destinatario. Qualora il messaggio le fosse pervenuto per errore, La preghiamo di eliminarlo senza copiarlo.",
	"Le informazioni contenute nella presente comunicazione e i relativi allegati possono essere riservate e sono destinate esclusivamente alle persone indicate. La diffusione, distribuzione e/o copiatura del documento da parte di qualsiasi soggetto diverso dal destinatario è proibita, sia ai sensi dell'art. 616 c.p., sia ai sensi del D.Lgs. n. 196/2003.",
	"Diese E-Mail enthält vertrauliche und/oder rechtlich geschützte Informationen. Wenn Sie nicht der richtige Adressat sind oder diese E-Mail irrtümlich erhalten haben, informieren Sie bitte sofort den Absender und vernichten Sie diese Mail.",
	"Ce message et toutes les pièces jointes sont confidentiels et établis à l'intention exclusive de leurs destinataires. Toute utilisation ou diffusion non autorisée est interdite. Si vous avez reçu ce message par erreur, merci d'en avertir l'expéditeur et de le détruire.",
	"Este mensaje y sus adjuntos son confidenciales y se dirigen exclusivamente a su destinatario. Si usted no es el destinatario, queda notificado de que la divulgación está prohibida. Si lo ha recibido por error, le rogamos lo elimine.",
	"Esta mensagem e seus anexos são confidenciais e destinados exclusivamente ao destinatário. Se você não é o destinatário, a divulgação é proibida; por favor avise o remetente e elimine a mensagem.",
	"De informatie in dit bericht is vertrouwelijk en uitsluitend bestemd voor de geadresseerde. Verspreiding of openbaarmaking aan derden is niet toegestaan. Bent u niet de geadresseerde, vernietig dan dit bericht.",
	"Niniejsza wiadomość oraz załączniki są poufne i przeznaczone wyłącznie dla adresata. Jeżeli nie są Państwo adresatem, rozpowszechnianie jest zabronione; prosimy o usunięcie wiadomości.",
	"Detta meddelande är konfidentiellt och avsett endast för mottagaren. Om du inte är rätt mottagare, vänligen radera meddelandet. Sekretess kan gälla; otillåten spridning är förbjuden, konfidentiella bilagor likaså.",
	"Это сообщение и вложения конфиденциальны и предназначены исключительно для получателя. Если вы не являетесь адресатом, распространение запрещено; просим уничтожить сообщение.",
	"本邮件及其附件含有保密信息，仅限于发送给上面地址中列出的收件人。如果您错收了本邮件，请您立即删除本邮件，禁止披露、复制。机密。",
	"このメールには機密情報が含まれている場合があります。宛先以外の方が受信された場合は、直ちに削除してください。秘密の開示は禁止されています。受信者各位。",
	"Please consider the environment before printing this email.", "Prima di stampare questa email pensa all'ambiente.", "Virus-free. www.avast.example",
}

// E-44: signatures and what devices add, with and without a quote below.
func TestE44Signatures(t *testing.T) {
	for i, s := range signaturesOf {
		for name, text := range map[string]string{"last": answer + "\n\n" + s, "above a quote": answer + "\n\n" + s + quotedBelow, "space": answer + "\n\n\n" + s + "\n\n\n"} {
			t.Run(fmt.Sprintf("%02d %s", i, name), func(t *testing.T) {
				check(t, text, answer)
				if folds := Text(text); len(folds) == 0 || folds[0].Kind != channels.FoldSignature {
					t.Errorf("%q: %v", s, folds)
				}
			})
		}
	}
}

// E-44: legal notices, alone, below a signature, and below the quote, where gates put them.
func TestE44Notices(t *testing.T) {
	for i, s := range noticesOf {
		for name, text := range map[string]string{
			"last":              answer + "\n\n" + s,
			"above a quote":     answer + "\n\n" + s + quotedBelow,
			"below a signature": answer + "\n\n-- \nMario Rossi\n\n" + s,
			"below contacts":    answer + "\n\nCordiali saluti,\nMario Rossi\nTel. 02 1234567\n\n" + s,
			"below the quote":   answer + quotedBelow + "\n" + s,
			"ruled":             answer + "\n\n________________________________\n" + s,
		} {
			t.Run(fmt.Sprintf("%02d %s", i, name), func(t *testing.T) {
				check(t, text, answer)
				found := false
				for _, f := range Text(text) {
					found = found || f.Kind == channels.FoldDisclaimer
				}
				if !found {
					t.Errorf("no disclaimer: %q", text)
				}
			})
		}
	}
}

// E-44: the warning that a mail gate puts on top.
func TestE44Banners(t *testing.T) {
	for _, s := range []string{
		"CAUTION: This email originated from outside of the organization. Do not click links or open attachments unless you recognize the sender.",
		"[EXTERNAL EMAIL] Do not click links or open attachments unless you trust the sender.",
		"ATTENZIONE: questa email proviene dall'esterno dell'organizzazione. Non cliccare sui link.",
		"ACHTUNG: Diese E-Mail stammt von außerhalb der Organisation. Öffnen Sie keine Anhänge.",
	} {
		check(t, s+"\n\n"+answer, answer)
		check(t, s+"\n\n"+answer+quotedBelow, answer)
	}
}
