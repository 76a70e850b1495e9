-- Until when a device stays in its state, where the network tells it: the end of a ban.
ALTER TABLE device ADD COLUMN state_until BIGINT;
