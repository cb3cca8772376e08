// Package pgp opens the seals of OpenPGP (RFC 9580, in mail RFC 3156): it verifies signatures and decrypts with the keys of a mailbox.
// channels/email/letter calls it for each mail that is sealed so.
//
// It is pure: no clock, no network, no key server. Only keys that the settings name are known: one that comes along with a mail, as a
// file or in its Autocrypt field, proves nothing of who wrote it. A signature says who vouches for the words, never who the customer is.
// What strangers send is bounded: in what it unpacks to, in keys that are tried and in signatures that are computed. Nothing that is
// sent to a stranger may depend on how decrypting went.
package pgp
