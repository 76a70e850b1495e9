-- What comes in may change: a message that could not be decrypted comes again. Its words follow by themselves.
CREATE INDEX message_undecryptable ON message (device_id, queued_at) WHERE code = 'undecryptable';
