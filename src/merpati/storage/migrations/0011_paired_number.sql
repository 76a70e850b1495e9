-- The number that the device is on WhatsApp, beside the one it is registered under; empty: not paired, as far as known.
ALTER TABLE device ADD COLUMN paired_number TEXT NOT NULL DEFAULT '';
CREATE INDEX device_paired ON device (paired_number);
