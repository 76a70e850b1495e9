-- A deleted device keeps its row for the history; its number is free for another. SQLite keeps a constraint for the
-- life of a table, so the table is made anew.
ALTER TABLE device RENAME TO device_before;
CREATE TABLE device (
  id BIGINT PRIMARY KEY,
  account_id BIGINT NOT NULL REFERENCES account (id),
  number TEXT NOT NULL,
  name TEXT NOT NULL,
  transport TEXT NOT NULL,
  token_hash TEXT NOT NULL UNIQUE,
  token_sealed TEXT NOT NULL,
  desired BIGINT NOT NULL,
  state TEXT NOT NULL,
  state_reason TEXT NOT NULL,
  state_at BIGINT NOT NULL,
  autoread BIGINT NOT NULL,
  personal BIGINT NOT NULL,
  in_groups BIGINT NOT NULL,
  quick BIGINT NOT NULL,
  resend BIGINT NOT NULL,
  resend_to TEXT NOT NULL,
  source TEXT NOT NULL,
  quota BIGINT,
  expires_at BIGINT,
  pace_from_ms BIGINT NOT NULL,
  pace_to_ms BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  paired_number TEXT NOT NULL DEFAULT '',
  deleted_at BIGINT
);
INSERT INTO device SELECT id, account_id, number, name, transport, token_hash, token_sealed, desired, state,
  state_reason, state_at, autoread, personal, in_groups, quick, resend, resend_to, source, quota, expires_at,
  pace_from_ms, pace_to_ms, created_at, paired_number, NULL FROM device_before;
DROP TABLE device_before;
CREATE INDEX device_account ON device (account_id, id);
CREATE INDEX device_paired ON device (paired_number);
CREATE UNIQUE INDEX device_number ON device (number) WHERE deleted_at IS NULL;
