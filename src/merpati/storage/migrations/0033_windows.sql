-- Since when a device is its number on WhatsApp, and when a chat's other side last wrote: Meta lets a business write
-- freely for a day after that.
ALTER TABLE device ADD COLUMN paired_at BIGINT NOT NULL DEFAULT 0;  -- 0: it is none
UPDATE device SET paired_at = state_at WHERE paired_number <> '';
CREATE INDEX message_heard ON message (device_id, chat, queued_at) WHERE direction = 1;
