-- What the storage itself keeps: ranges of ids, and the processes attached to the database.
CREATE TABLE id_range (
  kind TEXT PRIMARY KEY,         -- what the ids are of: 'message', 'request', …
  next BIGINT NOT NULL           -- the first one that nobody has reserved
);
CREATE TABLE node (
  inc TEXT PRIMARY KEY,          -- one life of one process, never used again
  name TEXT NOT NULL,            -- for people
  joined_at BIGINT NOT NULL,
  renewed_at BIGINT NOT NULL,
  lease_until BIGINT NOT NULL,   -- all three by the database's clock
  alive BIGINT NOT NULL          -- 1 until it leaves or is reaped; a dead one never revives
);
CREATE INDEX node_lease ON node (lease_until) WHERE alive = 1;
