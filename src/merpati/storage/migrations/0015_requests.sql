-- The request log tells of refusals too, and which messages a request made.
ALTER TABLE request ADD COLUMN code TEXT NOT NULL DEFAULT '';            -- why it was refused; '': it was not
ALTER TABLE request ADD COLUMN blanks TEXT NOT NULL DEFAULT '{}';        -- JSON: what fills the code's sentence
ALTER TABLE request ADD COLUMN first_message BIGINT NOT NULL DEFAULT 0;  -- their ids follow one another
ALTER TABLE request ADD COLUMN messages BIGINT NOT NULL DEFAULT 0;       -- how many it made
CREATE INDEX request_refused ON request (account_id, id) WHERE code <> '';
CREATE INDEX request_path ON request (account_id, path, id);
CREATE INDEX request_device ON request (account_id, device_id, id);
