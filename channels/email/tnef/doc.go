// Package tnef unpacks winmail.dat, the wrapping that Exchange and Outlook put around a mail for each other and sometimes send to
// strangers (E-40): its files, and its text from the plain, HTML or compressed RTF form. The format is MS-OXTNEF, with the properties
// of MS-OXPROPS and the compression of MS-OXRTFCP.
//
// It is pure and bounded: it never panics, unpacks no more than a fixed multiple of what it is given, and goes no more than a few
// mails deep. What is damaged ends the reading there and keeps what came before.
package tnef
