package chat

import "github.com/nyaruka/phonenumbers"

// phoneNumber normalises a number to E.164. A number without a country code belongs to region (ISO 3166).
func phoneNumber(s, region string) (string, bool) {
	if s == "" || len(s) > 40 {
		return "", false
	}
	n, err := phonenumbers.Parse(s, region)
	if err != nil || !phonenumbers.IsValidNumber(n) {
		return "", false
	}
	return phonenumbers.Format(n, phonenumbers.E164), true
}
