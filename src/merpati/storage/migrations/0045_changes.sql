-- What its author made of a message later: other words, or deleted for everyone. Its content before is kept.
ALTER TABLE message ADD COLUMN edited_at BIGINT;
ALTER TABLE message ADD COLUMN revoked_at BIGINT;
CREATE TABLE message_change (
  message_id BIGINT NOT NULL,
  wa_id TEXT NOT NULL,               -- WhatsApp's of the change: the same twice is once, at one time
  at BIGINT NOT NULL,
  n BIGINT NOT NULL,                 -- of the message's changes, from 0
  kind TEXT NOT NULL,                -- messages.authored.ChangeKind
  content TEXT NOT NULL,             -- before it, as in `message`
  PRIMARY KEY (message_id, wa_id, at)
);
