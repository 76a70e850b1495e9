-- The log: one gapless sequence of facts for each account, its readers' cursors, and the request log.
CREATE TABLE account_clock (
  account_id BIGINT PRIMARY KEY,
  seq BIGINT NOT NULL            -- the newest fact's
);
CREATE TABLE fact (
  account_id BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL,
  device_id BIGINT NOT NULL,     -- 0: of no one device
  body TEXT NOT NULL,            -- the fact as JSON
  PRIMARY KEY (account_id, seq)
);
CREATE INDEX fact_at ON fact (at);
CREATE TABLE reader_cursor (
  kind TEXT NOT NULL,            -- what sort of reader: 'webhook', 'reactions', …
  reader_id BIGINT NOT NULL,     -- which one of them
  account_id BIGINT NOT NULL,
  seq BIGINT NOT NULL,           -- the newest fact it has done with
  PRIMARY KEY (kind, reader_id, account_id)
);
CREATE TABLE reader_shard (
  kind TEXT NOT NULL,
  shard BIGINT NOT NULL,         -- account_id % 64
  owner_inc TEXT,
  epoch BIGINT NOT NULL,
  PRIMARY KEY (kind, shard)
);
CREATE TABLE reader_node (       -- which processes want shards of this kind, so that each takes its fair share
  kind TEXT NOT NULL,
  inc TEXT NOT NULL,
  PRIMARY KEY (kind, inc)
);
CREATE TABLE request (
  id BIGINT PRIMARY KEY,
  account_id BIGINT NOT NULL,
  device_id BIGINT NOT NULL,     -- 0: not a device's token
  at BIGINT NOT NULL,
  method TEXT NOT NULL,
  path TEXT NOT NULL,
  params TEXT NOT NULL,          -- JSON, tokens masked, long values cut
  answer TEXT NOT NULL           -- JSON
);
CREATE INDEX request_account ON request (account_id, id);
CREATE INDEX request_at ON request (at);
CREATE TABLE idempotency (
  account_id BIGINT NOT NULL,
  key TEXT NOT NULL,
  body_hash TEXT NOT NULL,       -- SHA-256 of path and body, hex
  answer TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (account_id, key)
);
CREATE INDEX idempotency_at ON idempotency (at);
