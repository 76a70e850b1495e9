-- What a device's webhook hears, and whether incoming messages have an `inboxid`.
ALTER TABLE device ADD COLUMN inbox BIGINT NOT NULL DEFAULT 1;
ALTER TABLE device ADD COLUMN webhook_way TEXT NOT NULL DEFAULT 'both';  -- devices.model.WebhookWay
