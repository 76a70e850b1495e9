-- Since when a device is another number than before: whoever knew the one does not know the other. 0: it never changed.
ALTER TABLE warm_up ADD COLUMN number_at BIGINT NOT NULL DEFAULT 0;
