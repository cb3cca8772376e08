package main

import (
	"fmt"
	"strings"
	"testing"
)

// Whatever stands alone is named, and nothing that does not.
func TestN15DoctorNamesSinglePoints(t *testing.T) {
	small := Settings{Record: "sqlite:/var/lib/record.db", Blobs: "/var/lib/blobs", Redis: RedisSettings{Addresses: []string{"embedded"}}}
	middle := Settings{
		Record: "postgres://gateway@db1/sportello", Blobs: "/srv/blobs", Redis: RedisSettings{Addresses: []string{"r1:6379"}},
		Email: []EmailSettings{{Account: "support", IMAP: MailServerSettings{Host: "imap.example.it"}, SMTP: MailServerSettings{Host: "smtp.example.it"}}},
		SMS:   []SMSSettings{{Account: "sms", Number: "+390236714980"}},
	}
	large := middle
	large.Record = "postgres://gateway@db1,db2/sportello?target_session_attrs=read-write"
	large.Redis = RedisSettings{Addresses: []string{"s1:26379", "s2:26379", "s3:26379"}, Master: "desk"}
	large.SMS = []SMSSettings{{Account: "sms", MessagingService: "MG00000000000000000000000000000000"}}
	sentinel, cluster := large, large
	sentinel.Redis.Addresses = sentinel.Redis.Addresses[:1]
	cluster.Redis = RedisSettings{Addresses: []string{"c1:6379", "c2:6379", "c3:6379"}}
	for name, c := range map[string]struct {
		settings Settings
		seen     around
		says     []string
	}{
		"small": {small, around{}, []string{"record: SQLite", "live inbox: inside", "gateway: only one", "attachments: one folder, /var/lib/blobs"}},
		"middle": {middle, around{gateways: 1}, []string{"record: one PostgreSQL", "live inbox: one Redis", "gateway: one runs", "attachments: one folder",
			"support: mail leaves through one SMTP server, smtp.example.it", "support: mail comes from one IMAP server, imap.example.it",
			"sms: texts leave from one number, +390236714980", "texts: one provider"}},
		"large": {large, around{gateways: 3, replicas: 1}, []string{"attachments: one folder", "support: mail leaves", "support: mail comes", "texts: one provider"}},
		"one sentinel": {sentinel, around{gateways: 3, replicas: 1}, []string{"live inbox: 1 Redis Sentinels", "attachments: one folder",
			"support: mail leaves", "support: mail comes", "texts: one provider"}},
		"cluster of masters, no gateway": {cluster, around{}, []string{"live inbox: the Redis master has no replica", "gateway: none runs", "attachments: one folder",
			"support: mail leaves", "support: mail comes", "texts: one provider"}},
	} {
		found := singlePoints(c.settings, c.seen)
		all := make([]string, len(found))
		for i, f := range found {
			all[i] = f.Detail
			if f.State != "warn" || f.What != "single point" {
				t.Errorf("%s: %+v", name, f)
			}
		}
		ok := len(all) == len(c.says)
		for i := range min(len(all), len(c.says)) {
			ok = ok && strings.HasPrefix(all[i], c.says[i])
		}
		if !ok {
			t.Errorf("%s: found\n  %s\nwant\n  %s", name, strings.Join(all, "\n  "), strings.Join(c.says, "\n  "))
		}
	}
	if got := fmt.Sprint(postgresHosts("postgres:///sportello?host=/run/postgresql")); got != "[/run/postgresql]" {
		t.Error(got)
	}
}
