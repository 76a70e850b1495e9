-- A deleted device keeps its row for the history; its number is free for another.
ALTER TABLE device ADD COLUMN deleted_at BIGINT;
ALTER TABLE device DROP CONSTRAINT device_number_key;
CREATE UNIQUE INDEX device_number ON device (number) WHERE deleted_at IS NULL;
