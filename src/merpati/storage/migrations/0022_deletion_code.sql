-- The one-time code with which a program deletes a device: sent to the owner by WhatsApp, one at a time.
CREATE TABLE deletion_code (
  device_id BIGINT PRIMARY KEY,
  code_hash TEXT NOT NULL,           -- SHA-256, hex, of device and code
  asked_at BIGINT NOT NULL,          -- by the database's clock
  wrong BIGINT NOT NULL,             -- tries
  locked_until BIGINT NOT NULL
);
