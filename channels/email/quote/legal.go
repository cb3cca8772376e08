package quote

// The words of legal notices and of what programs and firms write below every mail.

// secrets are stems of legal notices, one group per idea; notices have several of them.
var secrets = newList(`confidential-, confidenti-, privileged, privilégi-, privilegi-, intended, recipient-, addressee-, addressed, disclos-, disseminat-, unauthori-, prohibited, unlawful, delete, destroy, virus-, liabil-, legally, copying, distribution, disclaimer, notify, mistake, error, attachment-, attached, third parties, proprietary, permission,
riservat-, destinatari-, ai sensi, d lgs, dlgs, privacy, gdpr, regolamento, vietat-, diffusion-, distruzione, cancellar-, distrugger-, divulgazion-, esclusiv-, allegat-, ricevut-, errore, proibit-, confidenzial-, mittente, eliminar-, eliminarl-, distruggerl-, terzi, esclusiva,
vertraulich-, empfänger-, unbefugt-, irrtümlich-, vernichten, löschen, weitergabe, unerlaubt-, gestattet, absender, anhäng-, rechtlich-, adressat-, untersagt, ausschließlich, unzulässig, vervielfältigung, veröffentlichung, geschützt-, irrtum,
confidentiel-, destinatair-, diffusion, strictement, interdit-, détrui-, erreur, pièces jointes, expéditeur, divulgation, autoris-, supprimer, susceptibl-, courriel, reproduction, altéré, tiers,
confidencial-, destinatari-, prohibid-, proibid-, divulga-, borr-, eliminar-, elimin-, erro, remetente, remitente, anexos, adjunt-, autoriza-, legal-, reservad-, exclusivamente, privilegiad-, engano, apagu-, apagar, terceiros, terceros, copiar,
vertrouwelijk-, geadresseerd-, bestemd, verspreid-, openbaarmaking, vernietig-, verwijder-, toegestaan, onbevoegd-, aansprakelijk-, uitsluitend, afzender, rechten, derden, onterecht,
poufn-, przeznaczon-, wyłącznie, nadawc-, pomyłk-, trwał-, kopiowani-, adresat-, odbiorc-, zabroni-, rozpowszechni-, usuni-, niniejsz-, załącznik-, ujawni-,
konfidentiellt, avsett, endast, avsändar-, spridning, obehörig-, misstag,
konfidentiell-, mottagar-, modtager-, mottaker-, fortrolig-, sekretess-, raderar, radera, slett, slet, luottamuksellin-, vastaanottaj-, důvěrn-, příjemc-, dôvern-, gizli-, alıcı, confidențial-, destinatarul-, bizalmas-, címzett-,
конфиденциальн-, получател-, адресат-, уничтож-, распростран-, запрещ-, предназначен-, исключительно, отправител-, уведом-, удалит-, ошибк-, третьим, разглаш-, конфіденційн-, отримувач-, εμπιστευτικ-,
误收, 错收, 发件人, 授权, 禁止, 転送, 誤って, 破棄, 複製, 開示, 漏洩, 机密, 保密, 收件人, 收件者, 机密信息, 機密, 删除, 刪除, 泄露, 披露, 秘密, 宛先, 削除, 受信者, 기밀, 수신자, 삭제, سرية, سري, المرسل إليه, חסוי, הנמען, סודי`)

// paper: notices that are no law: trees, scanners, mailing lists.
var paper = newList(`environment before printing, before printing, prima di stampare, stampare questa, umwelt, ausdrucken, avant d'imprimer, imprimer, antes de imprimir, denk aan het milieu, virus-free, virus free, scanned for viruses, checked for viruses, avast, avg, has been scanned, been scanned by, scanned by, email security, for more information please visit, you are receiving this, reply to this email directly, reply to this email to, view it on, notification settings, notification preferences, manage your subscription, ricevi questa email perché, ricevi questo messaggio perché, hai ricevuto questa email perché, sie erhalten diese, vous recevez ce, vous recevez cet, recibe este correo, recibes este, você recebeu este, recebeu esta, u ontvangt deze, je ontvangt deze, otrzymujesz tę, otrzymujesz ten, du får detta, du får det här, вы получили это, вы получаете это, you received this message because, to unsubscribe from this group,
unsubscribe from this list, to unsubscribe, mailing list, confidentiality notice, confidential notice, legal notice, disclaimer, avviso di riservatezza, avvertenze legali, informativa privacy, nota di riservatezza, haftungsausschluss, avis de confidentialité, aviso legal, aviso de confidencialidad, aviso de confidencialidade`)

// misdirected: what to do with a mail that went astray is a legal notice's affair.
var misdirected = newList(`in error, by mistake, inadvertently, per errore, erroneamente, irrtümlich, irrtümlicherweise, versehentlich, par erreur, por error, por engano, por erro, ten onrechte, per abuis, per vergissing, przez pomyłkę, omyłkowo, av misstag, ved en fejl, ved en feil, erehdyksessä, omylem, по ошибке, ошибочно, помилково, yanlışlıkla, din greșeală, tévedésből, 误收, 错收, 錯誤, 誤って`)

// registry: what the law of many countries wants below the letters of firms.
var registry = newList(`registered office, registered number, registered in, registered charity, registered society, charitable, company number, company registration, company reg, companies house, vat number, vat no, vat reg, regulated by, authorised and regulated, sede legale, capitale sociale, registro imprese, codice fiscale, partita iva, p iva, rea, direzione e coordinamento,
handelsregister, amtsgericht, registergericht, hrb, hra, geschäftsführer, geschäftsführerin, geschäftsführung, vorstand, aufsichtsrat, sitz der gesellschaft, ust-id-, ust idnr, ust id nr, ustid, siège social, capital social, au capital de, rcs, siret, siren, tva, domicilio social, registro mercantil, cif, capital, nif, cnpj, sede social, matriculada, kvk, btw, statutaire zetel, krs, nip, regon, kapitał zakładowy, sąd rejonowy, siedziba, org nr, organisationsnummer, styrelsens säte, инн, кпп, огрн, юридический адрес`)

// classes: how firms mark how far a mail may be passed on.
var classes = newList(`internal, internal use only, for internal use only, public, confidential, strictly confidential, restricted, general, company confidential, classification, classification internal, classification public, classification confidential, sensitivity, intern, öffentlich, vertraulich, interno, uso interno, solo uso interno, riservato, confidenziale, público, confidencial, interne, confidentiel, vertrouwelijk, wewnętrzne, poufne, intern användning, для служебного пользования, 内部资料, 機密, 社外秘`)
