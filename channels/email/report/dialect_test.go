package report_test

// Reports as servers write them. The samples are written for these tests.

type sample struct {
	name string
	mail string
	want string // kind, original, then one recipient a line; "~" marks what was guessed
}

var samples = []sample{
	{"exchange on premises", `From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615@firma.example>
To: support@shop.example
Subject: Undeliverable: Your order
Return-Path: <>

Delivery has failed to these recipients or groups:

Anna Rossi (anna.rossi@firma.example)<mailto:anna.rossi@firma.example>
The e-mail address you entered couldn't be found. Please check the recipient's e-mail address and try to resend the message.

Diagnostic information for administrators:

Generating server: mx1.firma.example

anna.rossi@firma.example
#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##

Original message headers:

Received: from mail.shop.example (192.0.2.1) by mx1.firma.example
From: Shop <support@shop.example>
To: other@firma.example
Message-ID: <row1@shop.example>
`, `bounce row1@shop.example
~anna.rossi@firma.example failed 5.1.1`},

	{"exchange with a code of two digits below words", `From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615@firma.example>
To: support@shop.example
Subject: Undeliverable: Your order
Return-Path: <>

Delivery has failed to these recipients or groups:

anna.rossi@firma.example (anna.rossi@firma.example)
The email address you entered couldn't be found.

anna.rossi@firma.example
#550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found ##
`, `bounce
~anna.rossi@firma.example failed 5.1.10`},

	{"still tried, without a reason", `From: Mail Delivery System <Mailer-Daemon@firma.example>
To: support@shop.example
Subject: Warning: message 1a2b-3c delayed 24 hours
Return-Path: <>

A message that you sent has not yet been delivered to one or more of its recipients after more than 24 hours.

The address to which the message has not yet been delivered is:

  anna.rossi@firma.example

No action is required on your part. Ask admin@firma.example if in doubt.
`, `bounce
~anna.rossi@firma.example delayed`},

	{"a reply code with a colon", `From: MAILER-DAEMON@posta.example
To: support@shop.example
Subject: Failure Notice
Return-Path: <>

Sorry, we were unable to deliver your message to the following address.

<anna.rossi@firma.example>:
554: 30: the message cannot be delivered.
`, `bounce
~anna.rossi@firma.example failed 5.0.0`},

	{"office 365 in Italian", `From: Microsoft Outlook <MicrosoftExchange329e71@tenant.example>
To: support@shop.example
Subject: Non recapitabile: Il suo ordine
Auto-Submitted: auto-replied

Impossibile recapitare il messaggio a bruno@cliente.example.

Impossibile trovare bruno in cliente.example.

support        Office 365        bruno
Azione richiesta                 Destinatario

Informazioni di diagnostica per gli amministratori
Server di generazione: AM0PR01.prod.example
bruno@cliente.example
Remote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient bruno@cliente.example not found by SMTP address lookup'

Intestazioni originali del messaggio:
Message-ID: <row2@shop.example>
`, `bounce row2@shop.example
~bruno@cliente.example failed 5.1.10`},

	{"office 365 in German, mailbox full", `From: postmaster@kunde.example
Subject: Unzustellbar: Ihre Bestellung
Return-Path: <>

Fehler bei der Nachrichtenzustellung an folgende Empfänger oder Gruppen:

Karl Beispiel (karl@kunde.example)
Das Postfach des Empfängers ist voll und kann zurzeit keine Nachrichten annehmen.

Diagnoseinformationen für Administratoren:
karl@kunde.example
Remote Server returned '554 5.2.2 mailbox full; STOREDRV.Deliver; quota exceeded'
`, `bounce
~karl@kunde.example failed 5.2.2`},

	{"office 365 in French", `From: postmaster@client.example
Subject: Non remis : Votre commande
Return-Path: <>

Échec de la remise à ces destinataires ou groupes :

luc@client.example
L'adresse de messagerie que vous avez entrée est introuvable.

Informations de diagnostic pour les administrateurs :
#550 5.4.1 Recipient address rejected: Access denied ##
`, `bounce
~luc@client.example failed 5.1.1`},

	{"office 365 in Spanish", `From: postmaster@cliente.example
Subject: No se puede entregar: Su pedido
Return-Path: <>

No se pudo entregar el mensaje a estos destinatarios o grupos:

eva@cliente.example
No se encontró la dirección de correo electrónico que ha especificado.
`, `bounce
~eva@cliente.example failed 5.1.1`},

	{"gmail", `From: Mail Delivery Subsystem <mailer-daemon@googlemail.example>
To: support@shop.example
Subject: Delivery Status Notification (Failure)
X-Failed-Recipients: nobody@gmail.example
Auto-Submitted: auto-replied
In-Reply-To: <row3@shop.example>

** Address not found **

Your message wasn't delivered to nobody@gmail.example because the address couldn't be found, or is unable to receive mail.

The response was:
550 5.1.1 The email account that you tried to reach does not exist. Please try double-checking the recipient's email address.
`, `bounce row3@shop.example
~nobody@gmail.example failed 5.1.1`},

	{"gmail, delayed", `From: Mail Delivery Subsystem <mailer-daemon@googlemail.example>
Subject: Delivery Status Notification (Delay)
X-Failed-Recipients: slow@slow.example

** Delivery incomplete **

There was a temporary problem delivering your message to slow@slow.example. Gmail will retry for 46 more hours. You'll be notified if the delivery fails permanently.
`, `bounce
~slow@slow.example delayed`},

	{"qmail", `From: MAILER-DAEMON@mx.kunde.example
To: support@shop.example
Subject: failure notice
Return-Path: <>

Hi. This is the qmail-send program at mx.kunde.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<gone@kunde.example>:
192.0.2.7 does not like recipient.
Remote host said: 550 5.1.1 User unknown
Giving up on 192.0.2.7.

<full@kunde.example>:
mailbox is full (#5.2.2)

--- Below this line is a copy of the message.

Return-Path: <support@shop.example>
Received: (qmail 1 invoked from network)
From: <support@shop.example>
To: gone@kunde.example, third@kunde.example
Message-ID: <row4@shop.example>

550 5.1.1 words of the mail itself: fourth@kunde.example
`, `bounce row4@shop.example
~gone@kunde.example failed 5.1.1
~full@kunde.example failed 5.2.2`},

	{"postfix, text only", `From: MAILER-DAEMON@mail.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender

This is the mail system at host mail.example.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

<nobody@kunde.example>: host mx.kunde.example[192.0.2.9] said: 550 5.1.1
    <nobody@kunde.example>: Recipient address rejected: User unknown in virtual
    mailbox table (in reply to RCPT TO command)
`, `bounce
~nobody@kunde.example failed 5.1.1`},

	{"postfix, delayed", `From: MAILER-DAEMON@mail.example (Mail Delivery System)
Subject: Delayed Mail (still being retried)

# THIS IS A WARNING ONLY.  YOU DO NOT NEED TO RESEND YOUR MESSAGE. #

Your message could not be delivered for more than 4 hour(s).
It will be retried until it is 5 day(s) old.

<slow@kunde.example>: connect to mx.kunde.example[192.0.2.9]:25: Connection timed out
`, `bounce
~slow@kunde.example delayed 4.4.1`},

	{"exim", `From: Mail Delivery System <Mailer-Daemon@mail.example>
Subject: Mail delivery failed: returning message to sender

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  nobody@kunde.example
    host mx.kunde.example [192.0.2.9]
    SMTP error from remote mail server after RCPT TO:<nobody@kunde.example>:
    550 No such user here
  lost@nowhere.example
    Unrouteable address

------ This is a copy of the message, including all the headers. ------

Return-path: <support@shop.example>
Message-Id: <row5@shop.example>
`, `bounce row5@shop.example
~nobody@kunde.example failed 5.1.1
~lost@nowhere.example failed 5.1.2`},

	{"yahoo", `From: MAILER-DAEMON@yahoo.example
Subject: Failure Notice

Sorry, we were unable to deliver your message to the following address.

<ghost@yahoo.example>:
Remote host said:
554 delivery error: dd This user doesn't have a yahoo.example account (ghost@yahoo.example) [0] - mta1.yahoo.example
`, `bounce
~ghost@yahoo.example failed 5.1.1`},

	{"sendmail", `From: Mail Delivery Subsystem <MAILER-DAEMON@mail.example>
Subject: Returned mail: see transcript for details

The original message was received at Mon, 2 Mar 2026 10:00:00 +0100
from shop.example [192.0.2.1]

   ----- The following addresses had permanent fatal errors -----
<nobody@kunde.example>
    (reason: 550 5.1.1 <nobody@kunde.example>... User unknown)

   ----- Transcript of session follows -----
... while talking to mx.kunde.example.:
>>> MAIL From:<robot@shop.example>
>>> RCPT To:<nobody@kunde.example>
<<< 550 5.1.1 <nobody@kunde.example>... User unknown
`, `bounce
~nobody@kunde.example failed 5.1.1`},

	{"courier", `From: "Courier mail server at mail.example" <postmaster@mail.example>
Subject: NOTICE: mail delivery status.

This is a delivery status notification from mail.example,
running the Courier mail server.

                           UNDELIVERABLE MAIL

Your message to the following recipients cannot be delivered:

<nobody@kunde.example>:
    mx.kunde.example [192.0.2.9]:
>>> RCPT TO:<nobody@kunde.example>
<<< 550 User unknown.
`, `bounce
~nobody@kunde.example failed 5.1.1`},

	{"domino", `From: postmaster@firma.example
Subject: DELIVERY FAILURE: User nobody (nobody@firma.example) not listed in Domino Directory

Your message

  Subject: Your order

was not delivered to:

  nobody@firma.example

because:

  User nobody (nobody@firma.example) not listed in Domino Directory
`, `bounce
~nobody@firma.example failed 5.1.1`},

	{"ironport", `From: "Mail Delivery System" <MAILER-DAEMON@gate.firma.example>
Subject: Undeliverable Message

The following message to <nobody@firma.example> was undeliverable.
The reason for the problem:
5.1.0 - Unknown address error 550-'5.1.1 <nobody@firma.example>: Recipient unknown'
`, `bounce
~nobody@firma.example failed 5.1.0`},

	{"mailenable", `From: postmaster@mail.example
Subject: Message Delivery Failure

The following recipient(s) could not be reached:

Recipient: [SMTP:nobody@kunde.example]
Reason: Remote SMTP Server Returned: 550 no mailbox here by that name
`, `bounce
~nobody@kunde.example failed 5.1.1`},

	{"groupwise", `From: Mailer-Daemon@firma.example
Subject: Message status - undeliverable

The attached file had the following undeliverable recipient(s):
	nobody@firma.example
		Transcript of session follows:
		Command: Recipient (RCPT)
		Response: 550 nobody@firma.example User unknown
`, `bounce
~nobody@firma.example failed 5.1.1`},

	{"zimbra", `From: MAILER-DAEMON@zimbra.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender

This is the mail system at host zimbra.example.

<full@kunde.example>: host zimbra.example[192.0.2.3] said: 552 5.2.2 Over quota (in reply to end of DATA command)
`, `bounce
~full@kunde.example failed 5.2.2`},

	{"several that share a reason", `From: MAILER-DAEMON@mail.example
Subject: Delivery failure

These addresses failed:
one@kunde.example
two@kunde.example

Reason: 550 mailbox unavailable
`, `bounce
~one@kunde.example failed 5.1.1
~two@kunde.example failed 5.1.1`},

	{"recipient in the envelope", `From: MAILER-DAEMON@mail.example
Delivered-To: bounces+anna=kunde.example@shop.example
Subject: Undelivered mail

We could not deliver your mail.
`, `bounce
~anna@kunde.example failed`},

	{"a person about a bounce", `From: Anna Rossi <anna@cliente.example>
Subject: Undeliverable: what does this mean?

I got "550 5.1.1 <bruno@cliente.example> User unknown" when I wrote to bruno@cliente.example.
`, ``},

	{"a parcel", `From: parcels@carrier.example
Auto-Submitted: auto-generated
Subject: Delivery failed: nobody was at home

We tried to deliver parcel 550 1234. Write to help@carrier.example or choose another day.
`, ``},

	{"fields, several recipients", `From: MAILER-DAEMON@mail.example
Subject: Undelivered Mail
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

Words that say 550 5.9.9 other@kunde.example
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example

Final-Recipient: rfc822; forwarded@elsewhere.example
Original-Recipient: rfc822;anna@kunde.example
Action: failed
Status: 5.0.0
Remote-MTA: dns; mx.kunde.example
Diagnostic-Code: smtp; 550 5.1.1 <forwarded@elsewhere.example>: User unknown

Final-Recipient: rfc822; slow@kunde.example
Action: delayed
Status: 4.4.1

Final-Recipient: utf-8; j\x{F6}rg@kunde.example
Action: Failed (gone)
Status: 5.2.1

Final-Recipient: rfc822; fine@kunde.example
Action: relayed
Status: 2.0.0
--b
Content-Type: text/rfc822-headers

Message-ID: <row6@shop.example>
--b--
`, `bounce row6@shop.example
anna@kunde.example failed 5.1.1 mx.kunde.example
slow@kunde.example delayed 4.4.1
jörg@kunde.example failed 5.2.1
fine@kunde.example relayed 2.0.0`},

	{"fields that name nobody", `From: MAILER-DAEMON@mail.example
Subject: Undelivered Mail
X-Failed-Recipients: nobody@kunde.example
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example
--b--
`, `bounce
~nobody@kunde.example failed`},

	{"complaint", `From: feedback@arf.provider.example
Subject: FW: Offers
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b
Content-Type: text/plain

This is an email abuse report.
--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Feedback/1.0
Version: 1
Original-Rcpt-To: <anna@kunde.example>
--b
Content-Type: message/rfc822

From: support@shop.example
To: Anna <anna@kunde.example>
Message-ID: <row7@shop.example>
Subject: Offers

Buy
--b--
`, `complaint row7@shop.example
anna@kunde.example complaint`},

	{"complaint with a blackened recipient", `From: complaints@provider.example
Subject: Abuse report
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b
Content-Type: message/feedback-report

Feedback-Type: abuse
Original-Rcpt-To: redacted
--b
Content-Type: text/rfc822-headers

To: undisclosed
Message-ID: <row8@shop.example>
--b--
`, `complaint row8@shop.example
 complaint`},

	{"complaint of hotmail", `From: staff@hotmail.example
Subject: complaint about message from 192.0.2.1
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: message/rfc822

X-HmXmrOriginalRecipient: carla@hotmail.example
From: support@shop.example
To: list@shop.example
Message-ID: <row9@shop.example>

Buy
--b--
`, `complaint row9@shop.example
carla@hotmail.example complaint`},

	{"read receipt", `From: Anna <anna@kunde.example>
Subject: Read: Your order
Content-Type: multipart/report; report-type=disposition-notification; boundary=b

--b
Content-Type: text/plain

Your message was read.
--b
Content-Type: message/disposition-notification

Final-Recipient: rfc822;anna@kunde.example
Original-Message-ID: <row10@shop.example>
Disposition: manual-action/MDN-sent-manually; displayed/error
--b--
`, `receipt row10@shop.example
anna@kunde.example displayed`},

	{"a person", `From: Anna <anna@kunde.example>
Subject: Order

Where is it? I wrote to sales@shop.example.
`, ``},
}
