-- Rotators: each picks one of its members at a time.
CREATE TABLE rotator (
  id BIGINT PRIMARY KEY,
  account_id BIGINT NOT NULL REFERENCES account (id),
  n BIGINT NOT NULL,                 -- `rotator#n` as a target; never given to another one of the account
  name TEXT NOT NULL,
  kind TEXT NOT NULL,                -- full, partial
  created_at BIGINT NOT NULL,
  UNIQUE (account_id, n)
);
CREATE TABLE rotator_member (
  rotator_id BIGINT NOT NULL,
  address TEXT NOT NULL,
  place BIGINT NOT NULL,             -- orders the members
  label TEXT NOT NULL,
  weight BIGINT NOT NULL,
  had_turn BIGINT NOT NULL,          -- 1: drawn in this round of a full rotation
  draws BIGINT NOT NULL,             -- ever
  PRIMARY KEY (rotator_id, address)
);
CREATE TABLE rotator_count (
  account_id BIGINT PRIMARY KEY,
  newest_n BIGINT NOT NULL
);
