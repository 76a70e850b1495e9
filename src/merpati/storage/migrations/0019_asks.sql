-- What is asked of a device's session, for the process that holds it, and what it answers; a row lives some seconds.
DROP TABLE pairing;
CREATE TABLE device_ask (
  id BIGINT PRIMARY KEY,
  device_id BIGINT NOT NULL,
  ask TEXT NOT NULL,                 -- devices.asks.AnyAsk as JSON
  expires_at BIGINT NOT NULL,        -- by the database's clock
  answer_sealed TEXT                 -- devices.asks.AnyAnswer as JSON, sealed; NULL: not answered
);
CREATE INDEX device_ask_open ON device_ask (device_id) WHERE answer_sealed IS NULL;
