-- Accounts, their owners, devices with Fonnte's fields, ownership of sessions, and the connection log.
CREATE TABLE account (
  id BIGINT PRIMARY KEY,
  name TEXT NOT NULL,
  token_hash TEXT NOT NULL UNIQUE,   -- SHA-256, hex
  token_sealed TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE TABLE owner (
  id BIGINT PRIMARY KEY,
  account_id BIGINT NOT NULL REFERENCES account (id),
  email TEXT NOT NULL UNIQUE,        -- lower case
  password_hash TEXT NOT NULL,       -- argon2id
  created_at BIGINT NOT NULL
);
CREATE TABLE invitation (
  token_hash TEXT PRIMARY KEY,       -- of the one-time link that creates the first owner
  expires_at BIGINT NOT NULL
);
CREATE TABLE device (
  id BIGINT PRIMARY KEY,
  account_id BIGINT NOT NULL REFERENCES account (id),
  number TEXT NOT NULL UNIQUE,       -- as registered: a name, not necessarily the WhatsApp number
  name TEXT NOT NULL,
  transport TEXT NOT NULL,
  token_hash TEXT NOT NULL UNIQUE,
  token_sealed TEXT NOT NULL,
  desired BIGINT NOT NULL,           -- 1: keep it connected
  state TEXT NOT NULL,               -- transports.port.SessionState
  state_reason TEXT NOT NULL,
  state_at BIGINT NOT NULL,
  autoread BIGINT NOT NULL,
  personal BIGINT NOT NULL,
  in_groups BIGINT NOT NULL,         -- Fonnte's `group`
  quick BIGINT NOT NULL,
  resend BIGINT NOT NULL,
  resend_to TEXT NOT NULL,           -- Fonnte's `target` of update-device
  source TEXT NOT NULL,              -- autoreply, spreadsheet, flow
  quota BIGINT,                      -- messages left; NULL: unlimited
  expires_at BIGINT,                 -- NULL: never
  pace_from_ms BIGINT NOT NULL,
  pace_to_ms BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX device_account ON device (account_id, id);
CREATE TABLE device_owner (
  device_id BIGINT PRIMARY KEY,
  owner_inc TEXT,
  epoch BIGINT NOT NULL
);
CREATE INDEX device_owner_inc ON device_owner (owner_inc);
CREATE TABLE device_state (
  device_id BIGINT NOT NULL,
  at BIGINT NOT NULL,
  n BIGINT NOT NULL,                 -- orders what happened in one millisecond
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (device_id, at, n)
);
