-- Keys to our own API: for programs, each with what it may do, to which devices, and from where.
CREATE TABLE api_key (
  id BIGINT PRIMARY KEY,
  account_id BIGINT NOT NULL,
  name TEXT NOT NULL,
  token_hash TEXT NOT NULL UNIQUE,   -- SHA-256, hex
  hint TEXT NOT NULL,                -- the last characters of the secret, to tell keys apart
  scopes TEXT NOT NULL,              -- JSON: words of `accounts.key_model.Scope`
  devices TEXT NOT NULL,             -- JSON: ids, or null: all that there are and will be
  networks TEXT NOT NULL,            -- JSON: CIDR; none: from anywhere
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  used_at BIGINT,                    -- written at most once a minute
  used_from TEXT NOT NULL DEFAULT ''
);
CREATE INDEX api_key_account ON api_key (account_id, id);
-- Secrets that were replaced and go on working for a while.
CREATE TABLE api_key_old (
  token_hash TEXT PRIMARY KEY,
  key_id BIGINT NOT NULL,
  valid_until BIGINT NOT NULL
);
CREATE INDEX api_key_old_key ON api_key_old (key_id);
-- The key, where it reaches chosen devices only, that a file was uploaded with: it may send no other.
ALTER TABLE media ADD COLUMN key_id BIGINT NOT NULL DEFAULT 0;
