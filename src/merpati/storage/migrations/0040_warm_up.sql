-- Caution with people who do not know a number: when it writes to each of them first, and since when it is that number.
ALTER TABLE device ADD COLUMN caution TEXT NOT NULL DEFAULT 'auto';
ALTER TABLE device ADD COLUMN new_people_per_day BIGINT NOT NULL DEFAULT 250;
CREATE TABLE first_contact (
  device_id BIGINT NOT NULL,
  chat TEXT NOT NULL,
  at BIGINT NOT NULL,                -- past: it was, or is being, written to; future: its place in the line
  PRIMARY KEY (device_id, chat)
);
CREATE INDEX first_contact_at ON first_contact (device_id, at);
CREATE TABLE warm_up (
  device_id BIGINT PRIMARY KEY,
  number TEXT NOT NULL,              -- on WhatsApp
  since_at BIGINT NOT NULL,          -- linked here, whatever happened to the link meanwhile
  refusals BIGINT NOT NULL,          -- how often WhatsApp refused messages to people who do not know the number
  refused_at BIGINT NOT NULL,
  paused_until BIGINT NOT NULL
);
INSERT INTO warm_up (device_id, number, since_at, refusals, refused_at, paused_until)
  SELECT id, paired_number, paired_at, 0, 0, 0 FROM device WHERE paired_number <> '';
