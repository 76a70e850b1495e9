-- Replays that somebody asked for, beside those of dead letters: how many facts, and since when.
ALTER TABLE hook_replay ADD COLUMN facts BIGINT NOT NULL DEFAULT 0;     -- that the endpoint hears, when it was asked
ALTER TABLE hook_replay ADD COLUMN asked_at BIGINT NOT NULL DEFAULT 0;
