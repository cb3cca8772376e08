// Package sms is the SMS adapter, by way of Twilio: signed webhooks bring texts and delivery reports in, the REST API takes texts
// out. One Adapter serves one account: one number, one Messaging Service, or a number within a service.
//
// It takes a text from the provider only when the sink has committed it: until then the answer is 503, and the provider's retry
// policy (see InboundURL) brings it again. It must never act on a request whose signature it has not checked, never build the
// signed URL from what the request says of its own host, never send a text a second time when the outcome of the first is not
// known, and never answer STOP or HELP, which the provider does (M-18).
//
// The program mounts Handler under /hooks/ and runs Run. The dispatcher calls Send.
package sms
