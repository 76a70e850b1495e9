-- An account's batches, newest first.
CREATE INDEX batch_account ON batch (account_id, id);
