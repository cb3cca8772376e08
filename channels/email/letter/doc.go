// Package letter reads one mail: bytes in, Mail out.
//
// It is pure: no clock, no network, no store; channels/email calls Read for each mail it takes in. It never fails and never panics:
// what cannot be read is missing from the Mail, whose Flaw says why. It must never trust what a mail says of itself (see
// Mail.Proof; Thread.Token is passed on unchecked). Mail is RFC 5322 with MIME (RFC 2045 to 2047, 2231), delivery reports RFC 3464,
// automatic answers RFC 3834.
//
// Mail that is sealed (S/MIME, OpenPGP) is opened with the keys of Reading. What was in it is then in the Mail like any other words, and
// so in the record, where it is searched, shown, exported and backed up: whoever gives keys decides that. The subject that was sealed is
// in Details only, because answers bear Subject, and they leave in the clear.
package letter
