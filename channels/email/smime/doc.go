// Package smime opens the seals of S/MIME (RFC 8551): it checks signatures, takes out what an opaque one holds, decrypts what was
// encrypted to a key that is passed in, and unpacks what was compressed. Its input is CMS (RFC 5652) as mail programs write it, also in
// BER with lengths that are stated only at the end.
//
// It is pure but for the root certificates of the system, and fetches nothing (no revocation lists, no missing certificates). A
// signature says who vouches for the words, never who the customer is: nothing is decided by it. Most S/MIME is encrypted in a way that
// does not show whether it was changed on the way (AES-CBC): what comes of that is called unprotected, and must never be put together
// with other parts of the mail or load anything. Nothing that is sent to a stranger may depend on how decrypting went.
package smime
