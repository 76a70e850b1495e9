-- Receipts that came before the acknowledgement of their message, on a network whose ids are its own.
CREATE TABLE early_receipt (
  device_id BIGINT NOT NULL,
  wa_id TEXT NOT NULL,
  state BIGINT NOT NULL,             -- delivered or read, as in `message`
  at BIGINT NOT NULL,
  PRIMARY KEY (device_id, wa_id)
);
