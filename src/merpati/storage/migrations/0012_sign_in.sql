-- Who signs in: what they prefer, their sessions in browsers, the second factor, and tries that failed.
ALTER TABLE owner ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE owner ADD COLUMN phone TEXT;                              -- digits; one may sign in with it
ALTER TABLE owner ADD COLUMN language TEXT NOT NULL DEFAULT 'auto';   -- auto, id, en
ALTER TABLE owner ADD COLUMN theme TEXT NOT NULL DEFAULT 'system';    -- system, light, dark
ALTER TABLE owner ADD COLUMN time_zone TEXT NOT NULL DEFAULT 'Asia/Jakarta';
ALTER TABLE owner ADD COLUMN totp_sealed TEXT;                        -- NULL: no second factor
ALTER TABLE owner ADD COLUMN totp_on BIGINT NOT NULL DEFAULT 0;       -- 0: enrolled, not confirmed yet
ALTER TABLE owner ADD COLUMN totp_step BIGINT NOT NULL DEFAULT 0;     -- of the newest code that was used
CREATE UNIQUE INDEX owner_phone ON owner (phone);
CREATE TABLE recovery_code (
  owner_id BIGINT NOT NULL,
  code_hash TEXT NOT NULL,           -- SHA-256, hex; the row goes when the code is used
  PRIMARY KEY (owner_id, code_hash)
);
CREATE TABLE session (
  id BIGINT PRIMARY KEY,
  owner_id BIGINT NOT NULL,
  token_hash TEXT NOT NULL UNIQUE,   -- SHA-256, hex, of the cookie
  created_at BIGINT NOT NULL,
  seen_at BIGINT NOT NULL,           -- written at most once a minute
  expires_at BIGINT NOT NULL,        -- moves with seen_at
  address TEXT NOT NULL,
  agent TEXT NOT NULL
);
CREATE INDEX session_owner ON session (owner_id, id);
CREATE INDEX session_expiry ON session (expires_at);
CREATE TABLE sign_in_try (
  subject TEXT PRIMARY KEY,          -- an address, or the hash of a name that was typed
  tries BIGINT NOT NULL,
  since BIGINT NOT NULL
);
