-- Jobs: what is due later, or needs the network outside the hot path.
CREATE TABLE job (
  id BIGINT PRIMARY KEY,         -- below 0: a recurring one, by the name of its kind
  kind TEXT NOT NULL,
  lane TEXT,                     -- at most one running per lane
  due_at BIGINT NOT NULL,
  args TEXT NOT NULL,            -- JSON
  attempt BIGINT NOT NULL,       -- runs begun
  state BIGINT NOT NULL,         -- jobs.model.JobState; a finished job's row is gone
  owner_inc TEXT,
  error TEXT NOT NULL,           -- of the last run
  created_at BIGINT NOT NULL
);
CREATE INDEX job_due ON job (due_at, id) WHERE state = 0;
CREATE INDEX job_lane_queue ON job (lane, due_at, id) WHERE state = 0 AND lane IS NOT NULL;
CREATE UNIQUE INDEX job_lane ON job (lane) WHERE state = 1 AND lane IS NOT NULL;
CREATE INDEX job_running ON job (owner_inc) WHERE state = 1;
CREATE INDEX job_dead ON job (id) WHERE state = 2;
