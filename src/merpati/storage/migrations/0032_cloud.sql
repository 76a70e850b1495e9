-- WhatsApp's Cloud API: which number of Meta's a device is, and what Meta told that is not worked yet.
CREATE TABLE cloud_line (
  device_id BIGINT PRIMARY KEY,
  account_id BIGINT NOT NULL,
  number_id TEXT NOT NULL UNIQUE,    -- Meta's phone_number_id
  business_id TEXT NOT NULL,         -- Meta's id of the WhatsApp Business account
  sealed TEXT NOT NULL,              -- cloud_api.lines.Secrets as JSON, sealed
  changed_at BIGINT NOT NULL,
  heard_at BIGINT NOT NULL           -- Meta's last webhook; 0: none came yet
);
CREATE TABLE cloud_news (
  id BIGINT PRIMARY KEY,
  device_id BIGINT NOT NULL,
  body TEXT NOT NULL,                -- as Meta posted it
  at BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  tries BIGINT NOT NULL
);
CREATE INDEX cloud_news_due ON cloud_news (device_id, due_at, id);
