// Package smime checks the signatures of mails (RFC 8551) and takes out what an opaque signature holds. Its input is CMS (RFC 5652) as
// mail programs write it, also in BER with lengths that are stated only at the end.
//
// It is pure but for the root certificates of the system, fetches nothing (no revocation lists, no missing certificates), holds no keys
// and decrypts nothing. A signature says who vouches for the words, never who the customer is: nothing is decided by it.
package smime
