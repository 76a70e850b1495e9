-- Files that were uploaded before a message needed them: 1 while none has been sent, 2 since one was.
ALTER TABLE media ADD COLUMN upload BIGINT NOT NULL DEFAULT 0;
CREATE INDEX media_uploads ON media (account_id, id) WHERE upload > 0;
CREATE INDEX media_unsent ON media (account_id) WHERE upload = 1;
