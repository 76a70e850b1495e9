-- Secrets that were replaced and go on signing for a while, so that receivers can be changed without a gap.
ALTER TABLE endpoint ADD COLUMN old_secrets TEXT NOT NULL DEFAULT '[]';  -- JSON: [[sealed, valid until], …], newest first
