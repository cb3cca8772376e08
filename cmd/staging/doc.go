// Package staging runs copies of the whole system on this machine: PostgreSQL, Redis, a mail provider, an SMS provider and any number of
// gateways as processes of their own, with customers and agents who use them from outside. It then draws the balance: everything said was
// stored once and shown once, everything accepted for sending arrived once.
//
// It must never be linked into serve: the drill and the end-to-end tests start it, and the load test its servers. It reads the record; it
// writes nothing into it but the team, before the first gateway runs. Everything it starts ends with the process that started it.
package staging
