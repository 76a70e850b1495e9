-- Wishes to pair a device, for the process that holds it, and what it answers; a row lives some seconds.
CREATE TABLE pairing (
  id BIGINT PRIMARY KEY,
  device_id BIGINT NOT NULL,
  how TEXT NOT NULL,                 -- transports.port.PairHow
  phone TEXT NOT NULL,               -- that types the code; empty: whichever
  expires_at BIGINT NOT NULL,        -- by the database's clock
  answer_sealed TEXT                 -- devices.pairings.PairAnswer as JSON, sealed; NULL: not answered
);
CREATE INDEX pairing_open ON pairing (device_id) WHERE answer_sealed IS NULL;
