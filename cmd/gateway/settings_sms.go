package main

// SMSSettings are one sender at Twilio.
type SMSSettings struct {
	Account          string   `koanf:"account"`
	AccountSID       string   `koanf:"account_sid"`
	AuthTokens       []string `koanf:"auth_tokens"`
	APIKey           string   `koanf:"api_key"`
	APISecret        string   `koanf:"api_secret"`
	Number           string   `koanf:"number"`
	MessagingService string   `koanf:"messaging_service"`
	APIBase          string   `koanf:"api_base"`
	Country          string   `koanf:"country"`
	Name             string   `koanf:"name"`
}
