-- Programs that fetch facts instead of being called: each has a name, and a cursor of kind 'pull' under its id.
CREATE TABLE consumer (
  account_id BIGINT NOT NULL,
  key_id BIGINT NOT NULL,        -- of a key that reaches chosen devices: its own; 0: of the account
  name TEXT NOT NULL,
  id BIGINT NOT NULL UNIQUE,     -- reader_cursor.reader_id
  created_at BIGINT NOT NULL,
  acked_at BIGINT NOT NULL,      -- 0: never
  PRIMARY KEY (account_id, key_id, name)
);
