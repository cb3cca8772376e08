package main

import (
	"fmt"
	"net/url"
	"strings"
)

// around is what doctor sees beside the settings.
type around struct {
	gateways int // that run now
	replicas int // of the Redis server that holds the live inbox
}

// singlePoints says in plain words what stands alone: what of the service ends, and what goes on, while it is away.
func singlePoints(s Settings, seen around) (found []finding) {
	note := func(format string, args ...any) {
		found = append(found, finding{"warn", "single point", fmt.Sprintf(format, args...)})
	}
	alone := strings.HasPrefix(s.Record, "sqlite:") || s.Redis.Embedded()
	switch {
	case strings.HasPrefix(s.Record, "sqlite:"):
		note("record: SQLite serves one gateway on one machine; while that machine is away nothing works, and its disk is the only copy")
	case len(postgresHosts(s.Record)) < 2:
		note("record: one PostgreSQL address; while it is away everybody is told to come again later, and nothing is taken in. " +
			"Give it a standby, and name both hosts with target_session_attrs=read-write, or an address that moves with the primary")
	}
	switch {
	case s.Redis.Embedded():
		note("live inbox: inside the one gateway; it is built anew from the record at every start, and no second gateway can share it")
	case s.Redis.Master == "" && len(s.Redis.Addresses) == 1:
		note("live inbox: one Redis without Sentinel or cluster; while it is away messages are taken in, but nobody is offered anything")
	case s.Redis.Master != "" && len(s.Redis.Addresses) < 3:
		note("live inbox: %d Redis Sentinels are named; three on three machines can still agree when one is away", len(s.Redis.Addresses))
	}
	if !s.Redis.Embedded() && (s.Redis.Master != "" || len(s.Redis.Addresses) > 1) && seen.replicas == 0 {
		note("live inbox: the Redis master has no replica now; while it is away messages are taken in, but nobody is offered anything")
	}
	switch {
	case alone:
		note("gateway: only one can run with these stores; while it restarts chats wait, the provider announces texts later, mails stay in the mailbox")
	case seen.gateways == 0:
		note("gateway: none runs now")
	case seen.gateways == 1:
		note("gateway: one runs now; while it restarts chats wait, the provider announces texts later, mails stay in the mailbox. Start a second one")
	}
	note("attachments: one folder, %s; keep it on storage that outlives a machine, and mount the same on every gateway", s.Blobs)
	return append(found, s.singleProviders()...)
}

// singleProviders are the accounts that leave by one door.
func (s Settings) singleProviders() (found []finding) {
	note := func(format string, args ...any) {
		found = append(found, finding{"warn", "single point", fmt.Sprintf(format, args...)})
	}
	for _, e := range s.Email {
		note("%s: mail leaves through one SMTP server, %s; while it is away replies wait and leave later", e.Account, e.SMTP.Host)
		note("%s: mail comes from one IMAP server, %s; while it is away nothing comes in, and what has come stays there", e.Account, e.IMAP.Host)
	}
	for _, p := range s.SMS {
		if p.MessagingService == "" {
			note("%s: texts leave from one number, %s; when operators block it none arrives. A messaging service holds several", p.Account, p.Number)
		}
	}
	if len(s.SMS) > 0 {
		note("texts: one provider; while it is away they wait and leave later")
	}
	return found
}

// postgresHosts are the servers that an address names.
func postgresHosts(address string) []string {
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	hosts := u.Host
	if named := u.Query().Get("host"); named != "" {
		hosts = named
	}
	return strings.Split(hosts, ",")
}
