-- A message that its owner wrote on the device's own phone: 1. It was never in the outbox; its `sent_at` stays empty.
ALTER TABLE message ADD COLUMN typed BIGINT NOT NULL DEFAULT 0;
-- the same one twice is once
CREATE UNIQUE INDEX message_typed ON message (device_id, wa_id) WHERE typed = 1;
-- they are taken out of what was accepted and sent
CREATE INDEX message_typed_day ON message (account_id, queued_at, device_id) WHERE typed = 1;
