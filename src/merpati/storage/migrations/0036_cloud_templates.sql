-- The message templates of a WhatsApp Business account, as Meta last said.
CREATE TABLE cloud_template_reading (
  account_id BIGINT NOT NULL,
  business_id TEXT NOT NULL,         -- Meta's id
  read_at BIGINT NOT NULL,
  PRIMARY KEY (account_id, business_id)
);
CREATE TABLE cloud_template (
  account_id BIGINT NOT NULL,
  business_id TEXT NOT NULL,
  name TEXT NOT NULL,
  language TEXT NOT NULL,
  body TEXT NOT NULL,                -- transports.official.TemplateKept as JSON
  PRIMARY KEY (account_id, business_id, name, language)
);
