-- Jobs: what is due later, or needs the network outside the hot path.
CREATE TABLE job (
  id BIGINT PRIMARY KEY,
  kind TEXT NOT NULL,
  lane TEXT,                     -- at most one running per lane
  due_at BIGINT NOT NULL,
  args TEXT NOT NULL,            -- JSON
  attempt BIGINT NOT NULL,
  state BIGINT NOT NULL,         -- jobs.model.JobState
  owner_inc TEXT,
  error TEXT NOT NULL
);
CREATE INDEX job_due ON job (due_at, id) WHERE state = 0;
CREATE UNIQUE INDEX job_lane ON job (lane) WHERE state = 1 AND lane IS NOT NULL;
