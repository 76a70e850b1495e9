-- Tokens that were replaced and go on working for a while, so that programs can be changed without a gap.
CREATE TABLE device_old_token (
  token_hash TEXT PRIMARY KEY,       -- SHA-256, hex
  device_id BIGINT NOT NULL,
  valid_until BIGINT NOT NULL        -- by the database's clock
);
CREATE INDEX device_old_token_device ON device_old_token (device_id);
