//go:build defect_dedupe

package sms

import "crypto/rand"

// delivery is a defect that the drill must find: a text that is announced again is another one.
func delivery(sid string) string { return sid + "-" + rand.Text() }
