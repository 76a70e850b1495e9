-- Webhooks: endpoints, the lanes in trouble, what was given up, and the calls made.
CREATE TABLE endpoint (
  id BIGINT PRIMARY KEY,
  account_id BIGINT NOT NULL,
  device_id BIGINT NOT NULL,
  kind TEXT NOT NULL,                -- webhooks.model.EndpointKind: message, status, connect, chaining
  url TEXT NOT NULL,
  secret_sealed TEXT NOT NULL,       -- signs the calls
  state TEXT NOT NULL,               -- webhooks.model.EndpointState
  state_reason TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE (device_id, kind)
);
CREATE INDEX endpoint_account ON endpoint (account_id);
CREATE TABLE hook_lane (
  endpoint_id BIGINT NOT NULL,
  device_id BIGINT NOT NULL,
  seq BIGINT NOT NULL,               -- the oldest fact that waits
  attempt BIGINT NOT NULL,
  refusals BIGINT NOT NULL,
  next_try_at BIGINT NOT NULL,
  since_at BIGINT NOT NULL,
  PRIMARY KEY (endpoint_id, device_id)
);
CREATE TABLE dead_letter (
  endpoint_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  device_id BIGINT NOT NULL,
  first_seq BIGINT NOT NULL,
  last_seq BIGINT NOT NULL,
  at BIGINT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (endpoint_id, device_id, first_seq)
);
CREATE TABLE hook_call (
  id BIGINT PRIMARY KEY,
  endpoint_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  attempt BIGINT NOT NULL,
  at BIGINT NOT NULL,
  took_ms BIGINT NOT NULL,
  status BIGINT NOT NULL,            -- HTTP; 0: no answer
  error TEXT NOT NULL
);
CREATE INDEX hook_call_endpoint ON hook_call (endpoint_id, id);
CREATE INDEX hook_call_at ON hook_call (at);
