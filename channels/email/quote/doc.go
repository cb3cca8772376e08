// Package quote finds which part of a mail its sender newly wrote and which part is quoted, passed on, signature or legal notice
// (E-44, E-25). It folds and never deletes: what it returns are the runs of a text that are shown closed.
//
// Its functions are pure and keep nothing. They must never hide the only words of a mail, and when it is not clear what a run is they
// leave it open. channels/email/letter calls HTML, Text and Both when a mail is taken in, channels/email/safe calls Mark.
//
// Text works in two steps over lines. First what is quoted: lines with marks ("> ", "| ", "AR> "), introductions ("… wrote:") and
// heads ("From: … Sent: …"). Introductions and heads are recognised by their build (a line that ends in a colon and holds an address
// and a date; consecutive labels, of which one has an address and one a date) together with word lists of some thirty languages;
// either alone needs more of it. An introduction above marked lines folds these, so that answers between them and below them stay
// open. Below a head, and below a complete introduction without marked lines, all is quoted. Then the ends of what is left open: from
// the last line upwards legal notices, what devices add, signatures below a delimiter, and closing words with the name and contacts
// below them. The closing words and the name belong to the signature, as in the public collections; closing words alone, a name
// alone, and a sender's data that he was asked for stay open. Last, what is open is judged: if it is nothing, less is folded.
//
// HTML renders the document as such lines, adds what the structure says of each (blockquote, the boxes and dividers of some thirty mail
// programs, signatures), and takes the same two steps, so that the folds of a text and the marks of its document agree. Both reads the
// plain text of a mail that has the two forms.
//
// Measured on public annotated texts that are not part of the tree; a text counts when its reply is the expected one up to white space,
// with or without the signature. The rules were tuned on the tests of mailgun/talon (58 of 62) and closeio/quotequail (17 of 17), and
// first seen by these without a change: 39 of crisp-oss/email-reply-parser and github/email_reply_parser, 35 right (39 of 39 after the
// four were looked at); 12 of crisp-oss/email-forward-parser, each alone and with a note above, 21 of 24 right (22 after); 16 of alfonsrv/mail-parser-reply and
// web-ridge/email-reply-parser in ten languages, 15 right (16 after).
// Of texts that were written anew after the forms of mail programs in some forty languages, at first sight: 808 of 837 (introductions and heads
// with and without marks, device lines), 76 of 87 by hand, 109 of 125 with the introductions of mailing lists, 42 of 47 documents of as many
// programs; after mending by structure 832, 85, 119 and 46, and 148 of 148 of a further set that was written then. Of 26 of
// discourse/email_reply_trimmer, 22 right at first sight (23 after).
// BenchmarkText: a megabyte of prose in 20 to 60 ms, the most awkward shapes in 450 ms, on one core of 2.1 GHz.
package quote
