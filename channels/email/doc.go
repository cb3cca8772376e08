// Package email is the mail adapter: IMAP in, SMTP out.
//
// The program builds one Adapter per mailbox with New and starts Run; dispatch calls Send. Run stays for ever: a provider that is
// down, refuses the password or speaks nonsense is reported as Health and tried again with growing, jittered pauses, and only the
// end of the context ends it.
//
// What it must never do:
//
//   - move its position at the provider before Sink.Accept has returned (promise 1), or lose its place in an outage of any length:
//     the position is the pair (UIDVALIDITY, last UID), never a date and never a sequence number;
//   - drop a mail that it cannot read: the bytes go to the Vault before a parser sees them, and what cannot be parsed is accepted
//     with its headers and a Flaw;
//   - trust what a mail says of itself: see letter.Mail.
//
// What a mail says is read by channels/email/letter, its header fields by channels/email/field. IMAP is RFC 3501 with IDLE (RFC 2177),
// SMTP RFC 5321 with RFC 3207 and 4954.
package email
