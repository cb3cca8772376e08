// Package part divides a mail into its MIME parts and decodes their contents (RFC 2045 to 2049, 2183, 2231).
//
// It is its own reader because mail programs in the wild forget end boundaries, boundaries and types, write parameters that are no
// parameters and put junk into base64, and because a general parser's work doubled with every level that was never closed. Read
// looks at every byte once per level of nesting, at most Depth times, and makes at most Most parts.
//
// It is pure, and never fails and never panics: what is no multipart is a leaf, and what is too much is left out, which Tree.Flaw says.
package part
