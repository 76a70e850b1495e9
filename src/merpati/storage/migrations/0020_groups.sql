-- The groups that devices are in, as last read from WhatsApp.
CREATE TABLE group_reading (
  device_id BIGINT PRIMARY KEY,
  read_at BIGINT NOT NULL
);
CREATE TABLE known_group (
  device_id BIGINT NOT NULL,
  wa_id TEXT NOT NULL,               -- …@g.us
  name TEXT NOT NULL,
  PRIMARY KEY (device_id, wa_id)
);
