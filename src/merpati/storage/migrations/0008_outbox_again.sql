-- What is tried again is a line of its own: it goes before everything else of its recipient.
CREATE INDEX outbox_again ON outbox (device_id, priority, due_at, seq) WHERE state = 0 AND attempt > 0;
