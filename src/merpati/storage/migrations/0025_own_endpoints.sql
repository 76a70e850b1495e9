-- Endpoints of one's own beside the four addresses of a device: several kinds, one or many devices, a name, a key.
DROP INDEX endpoint_device;
DROP INDEX endpoint_changed;
ALTER TABLE endpoint RENAME TO endpoint_before;
CREATE TABLE endpoint (
  id BIGINT PRIMARY KEY,
  account_id BIGINT NOT NULL,
  is_slot BIGINT NOT NULL,           -- 1: one of the four addresses that Fonnte's API sets for a device
  name TEXT NOT NULL,
  kinds TEXT NOT NULL,               -- JSON: [webhooks.model.EndpointKind, …]
  devices TEXT NOT NULL,             -- JSON: [id, …] in order; []: every device of the account
  url TEXT NOT NULL,
  secret_sealed TEXT NOT NULL,       -- signs the calls
  old_secrets TEXT NOT NULL,         -- JSON: [[sealed, valid until], …], newest first
  key_sealed TEXT NOT NULL,          -- told as `secret_key` in each body; '': none
  state TEXT NOT NULL,               -- webhooks.model.EndpointState
  state_reason TEXT NOT NULL,
  version BIGINT NOT NULL,           -- rises with every change that the runner must notice
  changed_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);
INSERT INTO endpoint SELECT id, account_id, 1, '', '["' || kind || '"]',
  CASE WHEN device_id = 0 THEN '[]' ELSE '[' || device_id || ']' END,
  url, secret_sealed, old_secrets, '', state, state_reason, version, changed_at, created_at FROM endpoint_before;
DROP TABLE endpoint_before;
CREATE UNIQUE INDEX endpoint_slot ON endpoint (account_id, devices, kinds) WHERE is_slot = 1;
CREATE INDEX endpoint_changed ON endpoint (changed_at);
CREATE TABLE hook_outage (           -- an endpoint that failed often in a row: one fact probes it
  endpoint_id BIGINT PRIMARY KEY,
  attempt BIGINT NOT NULL,           -- failures in a row
  since_at BIGINT NOT NULL,
  next_try_at BIGINT NOT NULL
);
