-- Webhooks: endpoints, the lanes apart from their cursor, what was given up, replays, and the calls made.
CREATE TABLE endpoint (
  id BIGINT PRIMARY KEY,
  account_id BIGINT NOT NULL,
  device_id BIGINT NOT NULL,         -- 0: hears every device of the account
  kind TEXT NOT NULL,                -- webhooks.model.EndpointKind: message, status, connect, chaining
  url TEXT NOT NULL,
  secret_sealed TEXT NOT NULL,       -- signs the calls
  state TEXT NOT NULL,               -- webhooks.model.EndpointState
  state_reason TEXT NOT NULL,
  version BIGINT NOT NULL,           -- rises with every change that the runner must notice
  changed_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE (account_id, device_id, kind)
);
CREATE INDEX endpoint_device ON endpoint (device_id);
CREATE INDEX endpoint_changed ON endpoint (changed_at);
CREATE TABLE hook_lane (             -- a device whose facts wait behind the cursor, which has walked on
  endpoint_id BIGINT NOT NULL,
  device_id BIGINT NOT NULL,
  seq BIGINT NOT NULL,               -- the oldest fact that waits
  attempt BIGINT NOT NULL,           -- tries since `since_at`; 0: slow, not failing
  refusals BIGINT NOT NULL,          -- answers of 4xx to this very fact
  next_try_at BIGINT NOT NULL,
  since_at BIGINT NOT NULL,
  PRIMARY KEY (endpoint_id, device_id)
);
CREATE TABLE hook_replay (           -- a dead letter that somebody wants delivered after all
  endpoint_id BIGINT NOT NULL,
  device_id BIGINT NOT NULL,
  first_seq BIGINT NOT NULL,
  last_seq BIGINT NOT NULL,
  next_seq BIGINT NOT NULL,          -- the oldest fact that waits
  PRIMARY KEY (endpoint_id, device_id, first_seq)
);
CREATE TABLE dead_letter (
  endpoint_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  device_id BIGINT NOT NULL,
  first_seq BIGINT NOT NULL,
  last_seq BIGINT NOT NULL,
  at BIGINT NOT NULL,
  reason TEXT NOT NULL,              -- webhooks.model.GivenUp
  PRIMARY KEY (endpoint_id, device_id, first_seq)
);
CREATE INDEX dead_letter_account ON dead_letter (account_id, at);
CREATE INDEX dead_letter_at ON dead_letter (at);
CREATE TABLE hook_call (
  endpoint_id BIGINT NOT NULL,
  at BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  attempt BIGINT NOT NULL,
  took_ms BIGINT NOT NULL,
  status BIGINT NOT NULL,            -- HTTP; 0: no answer
  error TEXT NOT NULL,               -- egress.guard.EgressFault, or empty
  PRIMARY KEY (endpoint_id, at, seq)
);
CREATE INDEX hook_call_at ON hook_call (at);
