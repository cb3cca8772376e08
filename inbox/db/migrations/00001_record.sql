-- One file serves SQLite and PostgreSQL: TEXT, BIGINT and INTEGER only, times as UTC milliseconds, ids as UUIDv7 text, JSON as TEXT.

-- +goose Up

-- A named number that only grows. Conversations take their human number here.
CREATE TABLE counter (
  name  TEXT PRIMARY KEY,
  value BIGINT NOT NULL
);
INSERT INTO counter (name, value) VALUES ('conversation', 1000);

CREATE TABLE customer (
  id          TEXT PRIMARY KEY,
  name        TEXT NOT NULL DEFAULT '',
  locale      TEXT NOT NULL DEFAULT '',          -- BCP 47
  zone        TEXT NOT NULL DEFAULT '',          -- IANA time zone
  tier        TEXT NOT NULL DEFAULT '',          -- a word that rules can use: gold, ...
  note        TEXT NOT NULL DEFAULT '',          -- pinned, for colleagues
  search      TEXT NOT NULL DEFAULT '',          -- the name in lower case without accents
  merged_into TEXT REFERENCES customer (id),     -- always the last of a chain
  last_seq    BIGINT NOT NULL DEFAULT 0,         -- of the stream customer:<id>
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL
);
CREATE INDEX customer_merged ON customer (merged_into) WHERE merged_into IS NOT NULL;

-- An address of a customer. The owner of an address is the one customer to whom messages from it belong; declared addresses
-- (typed by a visitor, noted by an agent) are not owned, and any number of customers may declare the same one.
CREATE TABLE identity (
  id              TEXT PRIMARY KEY,
  customer_id     TEXT NOT NULL REFERENCES customer (id),
  kind            TEXT NOT NULL,
  value           TEXT NOT NULL,
  name            TEXT NOT NULL DEFAULT '',
  proof           INTEGER NOT NULL,
  owner           INTEGER NOT NULL CHECK (owner IN (0, 1)),
  suppressed_at   BIGINT,                        -- hard bounce and the like: not used again until verified anew
  suppressed_code TEXT NOT NULL DEFAULT '',
  last_in_at      BIGINT,
  last_out_at     BIGINT,
  last_account    TEXT NOT NULL DEFAULT '',      -- the account of ours that the customer last wrote to from here
  created_at      BIGINT NOT NULL,
  UNIQUE (customer_id, kind, value)
);
CREATE UNIQUE INDEX identity_owner ON identity (kind, value) WHERE owner = 1;
CREATE INDEX identity_value ON identity (kind, value);

-- The customer's wish. One row per customer; absent means no wish known.
CREATE TABLE preference (
  customer_id TEXT PRIMARY KEY REFERENCES customer (id),
  channel     TEXT NOT NULL,
  source      TEXT NOT NULL CHECK (source IN ('stated', 'inferred')),
  quiet_from  INTEGER,                           -- minutes after local midnight; both or neither
  quiet_to    INTEGER,
  updated_at  BIGINT NOT NULL,
  CHECK ((quiet_from IS NULL) = (quiet_to IS NULL))
);

-- Consent is a ledger: rows are added, never changed. The latest row that covers a case decides. '' covers everything.
CREATE TABLE consent (
  id          TEXT PRIMARY KEY,
  customer_id TEXT NOT NULL REFERENCES customer (id),
  kind        TEXT NOT NULL,
  address     TEXT NOT NULL DEFAULT '',          -- the customer's address it speaks of
  account_id  TEXT NOT NULL DEFAULT '',          -- the sender of ours it speaks of
  purpose     TEXT NOT NULL DEFAULT '' CHECK (purpose IN ('', 'service', 'marketing')),
  verdict     TEXT NOT NULL CHECK (verdict IN ('granted', 'withdrawn')),
  source      TEXT NOT NULL,                     -- message, agent, provider, page, import
  source_id   TEXT NOT NULL DEFAULT '',          -- such as the message
  wording     TEXT NOT NULL DEFAULT '',          -- the words, or the version of the text agreed to
  actor       TEXT NOT NULL,
  at          BIGINT NOT NULL
);
CREATE INDEX consent_customer ON consent (customer_id, at);

CREATE TABLE conversation (
  id               TEXT PRIMARY KEY,
  number           BIGINT NOT NULL UNIQUE,
  customer_id      TEXT NOT NULL REFERENCES customer (id),
  kind             TEXT NOT NULL,                -- the channel it began on
  account_id       TEXT NOT NULL,                -- the account it began on
  subject          TEXT NOT NULL DEFAULT '',
  state            TEXT NOT NULL CHECK (state IN ('new', 'waiting', 'assigned', 'closed')),
  queue            TEXT NOT NULL DEFAULT '',
  priority         INTEGER NOT NULL DEFAULT 50,
  skills           TEXT NOT NULL DEFAULT '[]',   -- JSON: [{"skill":"italiano","level":3}]
  assignee         TEXT NOT NULL DEFAULT '',
  sticky           TEXT NOT NULL DEFAULT '',     -- the agent who had it last
  rules_version    BIGINT NOT NULL DEFAULT 0,
  disposition      TEXT NOT NULL DEFAULT '',
  previous_id      TEXT REFERENCES conversation (id),  -- continued from a closed one
  last_seq         BIGINT NOT NULL DEFAULT 0,    -- of the stream conversation:<id>
  last_kind        TEXT NOT NULL DEFAULT '',     -- channel of the last customer message
  last_in_at       BIGINT,
  last_out_at      BIGINT,
  last_message_seq BIGINT NOT NULL DEFAULT 0,    -- of the last message a colleague or the customer wrote, notes included
  preview          TEXT NOT NULL DEFAULT '',
  queued_at        BIGINT,                       -- the routing clock: kept over transfers and declined offers
  waiting_since    BIGINT,                       -- the customer waits for an answer since; null when answered
  created_at       BIGINT NOT NULL,
  updated_at       BIGINT NOT NULL,
  closed_at        BIGINT,
  CHECK ((state = 'assigned') = (assignee <> '')),
  CHECK (state <> 'waiting' OR queue <> ''),
  CHECK ((state = 'closed') = (closed_at IS NOT NULL))
);
CREATE INDEX conversation_customer ON conversation (customer_id, created_at);
CREATE INDEX conversation_open ON conversation (id) WHERE state <> 'closed';

CREATE TABLE message (
  id              TEXT PRIMARY KEY,
  conversation_id TEXT NOT NULL REFERENCES conversation (id),
  customer_id     TEXT NOT NULL REFERENCES customer (id),
  seq             BIGINT NOT NULL,               -- position in the stream conversation:<id>
  direction       TEXT NOT NULL CHECK (direction IN ('in', 'out', 'note')),
  kind            TEXT NOT NULL,                 -- channel it came or went by; '' for notes
  asked_kind      TEXT NOT NULL DEFAULT '',      -- out: channel asked for when written, if another was used in the end
  account_id      TEXT NOT NULL DEFAULT '',
  external_id     TEXT,                          -- in: the provider's id
  client_id       TEXT,                          -- out, note: the author's own id, so that a repeat is known
  author_kind     TEXT NOT NULL CHECK (author_kind IN ('customer', 'agent', 'system')),
  author_id       TEXT NOT NULL,
  author_name     TEXT NOT NULL DEFAULT '',
  peer            TEXT NOT NULL DEFAULT '',      -- address of the other side: who wrote it, or to whom it goes
  sender          TEXT NOT NULL DEFAULT '{}',    -- JSON address
  recipients      TEXT NOT NULL DEFAULT '[]',    -- JSON addresses
  copies          TEXT NOT NULL DEFAULT '[]',    -- JSON addresses
  subject         TEXT NOT NULL DEFAULT '',
  body            TEXT NOT NULL DEFAULT '',
  html            TEXT NOT NULL DEFAULT '',      -- sanitised
  parts           TEXT NOT NULL DEFAULT '[]',    -- JSON channels.Part
  raw             TEXT NOT NULL DEFAULT '',      -- blob id
  proof           INTEGER NOT NULL DEFAULT 0,
  auto            TEXT NOT NULL DEFAULT '',
  flaw            TEXT NOT NULL DEFAULT '',
  state           TEXT NOT NULL DEFAULT '',      -- out: channels.State
  fault           TEXT NOT NULL DEFAULT '',      -- out: JSON channels.Fault when failed or unknown
  sent_at         BIGINT,                        -- what the sender's side states
  at              BIGINT NOT NULL,               -- when we took it
  UNIQUE (conversation_id, seq)
);
-- What has an id of the provider's has none of an author's, and the other way round: each stands in one of these. The account is last, so
-- that no plan walks an account's messages for want of figures.
CREATE UNIQUE INDEX message_external ON message (external_id, account_id) WHERE external_id IS NOT NULL;
CREATE UNIQUE INDEX message_client ON message (author_id, client_id) WHERE client_id IS NOT NULL;
CREATE INDEX message_customer ON message (customer_id, at);

-- Every RFC 5322 Message-ID seen in a conversation, theirs and ours (E-20).
CREATE TABLE mail_ref (
  ref             TEXT NOT NULL,
  conversation_id TEXT NOT NULL REFERENCES conversation (id),
  message_id      TEXT NOT NULL REFERENCES message (id),
  ours            INTEGER NOT NULL CHECK (ours IN (0, 1)),
  PRIMARY KEY (ref, message_id)
);
CREATE INDEX mail_ref_conversation ON mail_ref (conversation_id);

CREATE TABLE outbox (
  id              TEXT PRIMARY KEY,
  message_id      TEXT NOT NULL REFERENCES message (id),
  conversation_id TEXT NOT NULL REFERENCES conversation (id),
  customer_id     TEXT NOT NULL REFERENCES customer (id),
  class           TEXT NOT NULL CHECK (class IN ('reply', 'auto', 'bulk')),
  purpose         TEXT NOT NULL DEFAULT 'service' CHECK (purpose IN ('service', 'marketing')),
  kind            TEXT NOT NULL,
  account_id      TEXT NOT NULL,
  pinned          INTEGER NOT NULL DEFAULT 0 CHECK (pinned IN (0, 1)), -- the author chose the channel: no fallback
  envelope        TEXT NOT NULL,                 -- JSON channels.Outbound, frozen
  state           TEXT NOT NULL,
  attempts        INTEGER NOT NULL DEFAULT 0,
  due_at          BIGINT NOT NULL,
  leased_by       TEXT NOT NULL DEFAULT '',
  leased_until    BIGINT NOT NULL DEFAULT 0,
  external_id     TEXT NOT NULL DEFAULT '',
  fault           TEXT NOT NULL DEFAULT '',
  verdict         TEXT NOT NULL DEFAULT '',      -- JSON customer.Verdict of the last time it was asked
  created_at      BIGINT NOT NULL,
  updated_at      BIGINT NOT NULL
);
CREATE INDEX outbox_due ON outbox (due_at) WHERE state IN ('queued', 'sending');
CREATE INDEX outbox_order ON outbox (conversation_id, kind, created_at, id) WHERE state IN ('queued', 'sending');
CREATE INDEX outbox_message ON outbox (message_id);
CREATE INDEX outbox_customer ON outbox (customer_id);
CREATE INDEX outbox_external ON outbox (account_id, external_id) WHERE external_id <> '';

-- Each attempt is written before it is made.
CREATE TABLE attempt (
  outbox_id  TEXT NOT NULL REFERENCES outbox (id),
  n          INTEGER NOT NULL,
  started_at BIGINT NOT NULL,
  ended_at   BIGINT,
  outcome    TEXT NOT NULL DEFAULT '',           -- channels.State, or a fault class
  detail     TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (outbox_id, n)
);

-- Receipts that came before the row they speak of (M-13).
CREATE TABLE parked_receipt (
  id          TEXT PRIMARY KEY,
  account_id  TEXT NOT NULL,
  external_id TEXT NOT NULL,
  receipt     TEXT NOT NULL,
  at          BIGINT NOT NULL
);
CREATE INDEX parked_receipt_external ON parked_receipt (account_id, external_id);

-- The journal. A stream is conversation:<id>, customer:<id> or rules; seq has no gaps within a stream.
CREATE TABLE event (
  stream      TEXT NOT NULL,
  seq         BIGINT NOT NULL,
  id          TEXT NOT NULL,                     -- unique, sorts by time
  customer_id TEXT NOT NULL DEFAULT '',
  type        TEXT NOT NULL,
  actor       TEXT NOT NULL,
  at          BIGINT NOT NULL,
  data        TEXT NOT NULL,
  PRIMARY KEY (stream, seq)
);
CREATE INDEX event_customer ON event (customer_id, at, id) WHERE customer_id <> '';

-- Events that have not been copied to the live inbox yet.
CREATE TABLE relay (
  stream TEXT NOT NULL,
  seq    BIGINT NOT NULL,
  PRIMARY KEY (stream, seq)
);

CREATE TABLE bookmark (
  account_id TEXT NOT NULL,
  name       TEXT NOT NULL,
  value      TEXT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (account_id, name)
);

-- router/roster
CREATE TABLE agent (
  id            TEXT PRIMARY KEY,
  email         TEXT NOT NULL UNIQUE,
  name          TEXT NOT NULL,                   -- as colleagues see it
  public_name   TEXT NOT NULL,                   -- as customers see it
  password_hash TEXT NOT NULL,
  role          TEXT NOT NULL CHECK (role IN ('agent', 'manager', 'admin')),
  locale        TEXT NOT NULL DEFAULT 'it',
  skills        TEXT NOT NULL DEFAULT '[]',      -- JSON: [{"skill":"italiano","level":4}]
  queues        TEXT NOT NULL DEFAULT '[]',      -- JSON: ["vendite"]
  capacity      TEXT NOT NULL DEFAULT '{}',      -- JSON: {"chat":3,"sms":4,"email":5}
  offer_factor  INTEGER NOT NULL DEFAULT 1,      -- multiplies the time to accept an offer
  disabled_at   BIGINT,
  created_at    BIGINT NOT NULL,
  updated_at    BIGINT NOT NULL
);

CREATE TABLE queue (
  id         TEXT PRIMARY KEY,                   -- a short word used in rules
  name       TEXT NOT NULL,
  created_at BIGINT NOT NULL
);

-- router: each published list of rules is a version and is never changed.
CREATE TABLE rule_set (
  version BIGINT PRIMARY KEY,
  rules   TEXT NOT NULL,                         -- JSON []router.Rule
  author  TEXT NOT NULL,
  message TEXT NOT NULL,
  at      BIGINT NOT NULL
);

-- agentui/session: token is a hash.
CREATE TABLE session (
  token      TEXT PRIMARY KEY,
  data       TEXT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX session_expiry ON session (expires_at);

-- +goose Down
SELECT 1;
