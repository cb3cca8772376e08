// Package field reads the header fields of a mail: the header itself, its words and their charsets, addresses, dates, message ids.
//
// It is pure: bytes and strings in, values out, no clock, no network. It never fails and never panics on what strangers write, its
// work grows with the length of its input only, and it never yields an address or an id that is not well formed. RFC 5322, with the
// encoded words of RFC 2047 and 2231 and the UTF-8 of RFC 6532.
package field
