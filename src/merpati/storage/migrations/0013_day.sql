-- What a page asks of a day: acknowledged by device, incoming by account. A count reads the index alone.
CREATE INDEX message_sent ON message (device_id, sent_at) WHERE sent_at IS NOT NULL;
CREATE INDEX message_incoming ON message (account_id, queued_at, device_id) WHERE direction = 1;
