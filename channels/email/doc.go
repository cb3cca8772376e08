// Package email is the mail adapter: IMAP in, SMTP out.
//
// The program builds one Adapter per mailbox with New and starts Run and RunCopies; dispatch calls Send. Run stays for ever: a provider that is
// down, refuses the password or speaks nonsense is reported as Health and tried again with growing, jittered pauses, and only the
// end of the context ends it.
//
// What it reads: INBOX and further folders, junk if that is wished, and the folder with what colleagues send from mail programs, which
// becomes theirs in the conversation (Inbound.Outgoing). A mail in several folders, and under several labels at Google, is one: the
// record knows it by what it is (letter.Mail.External), which also is the tombstone of a mail that was taken and has gone.
//
// What is new is known by its UID, and what others did to a mail by CONDSTORE (mark.go): that somebody answered it in another program is
// told. What else they flag or remove changes nothing in the record, by intent: a mail that a colleague marks as read is not answered,
// and one that he deletes is still the customer's.
//
// What it sends is copied into the folder of sent mail where the provider does not do so itself (copy.go). A copy that is not made, as
// when the gateway is killed before, is not made later: the record has the mail.
//
// What it must never do:
//
//   - move its position at the provider before Sink.Accept has returned (promise 1), or lose its place in an outage of any length:
//     the position is the pair (UIDVALIDITY, last UID) of each folder, never a date and never a sequence number;
//   - let one bad mail hold up the next (held.go), or touch a mail in its folder unless that is wished, and then never before the
//     position says that it was taken (after.go);
//   - drop a mail that it cannot read: the bytes go to the Vault before a parser sees them, and what cannot be parsed is accepted
//     with its headers and a Flaw;
//   - trust what a mail says of itself: see letter.Mail.
//
// What a mail says is read by channels/email/letter, its header fields by channels/email/field. IMAP is RFC 3501 with IDLE (RFC 2177),
// SMTP RFC 5321 with RFC 3207 and 4954.
package email
