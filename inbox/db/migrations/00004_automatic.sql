-- What leaves by itself, what was stopped of it, and what did not arrive.

-- +goose Up

-- Messages that nobody wrote, by whom they went to. Budgets are counted here.
CREATE TABLE automatic (
  message_id      TEXT PRIMARY KEY REFERENCES message (id),
  conversation_id TEXT NOT NULL REFERENCES conversation (id),
  address         TEXT NOT NULL,
  domain          TEXT NOT NULL,
  at              BIGINT NOT NULL
);
CREATE INDEX automatic_address ON automatic (address, at);
CREATE INDEX automatic_domain ON automatic (domain, at);

-- Addresses that get nothing automatic for a while, because an exchange with them went by itself.
CREATE TABLE stopped (
  address         TEXT PRIMARY KEY,
  reason          TEXT NOT NULL,                  -- budget, domain_budget, repeats, ping_pong
  conversation_id TEXT NOT NULL REFERENCES conversation (id),
  at              BIGINT NOT NULL,
  until           BIGINT NOT NULL                 -- later with every message that would have been answered
);
CREATE INDEX stopped_until ON stopped (until);

-- Messages that did not reach an address, although it may exist. So many of them are as good as a dead address.
CREATE TABLE strike (
  kind       TEXT NOT NULL,
  address    TEXT NOT NULL,
  message_id TEXT NOT NULL REFERENCES message (id),
  code       TEXT NOT NULL,
  at         BIGINT NOT NULL,
  PRIMARY KEY (kind, address, message_id)
);

-- Reports of mail servers.
CREATE INDEX message_report ON message (at, id) WHERE auto IN ('bounce', 'complaint');

-- +goose Down
DROP INDEX message_report;
DROP TABLE strike;
DROP TABLE stopped;
DROP TABLE automatic;
