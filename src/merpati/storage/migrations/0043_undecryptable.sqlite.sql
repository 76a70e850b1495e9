-- What comes in may change: a message that could not be decrypted comes again, people edit theirs. Its words follow.
CREATE TRIGGER message_words_change AFTER UPDATE OF text, name ON message BEGIN
  INSERT INTO message_words (message_words, rowid, text, name) VALUES ('delete', old.id, old.text, old.name);
  INSERT INTO message_words (rowid, text, name) VALUES (new.id, new.text, new.name);
END;
CREATE INDEX message_undecryptable ON message (device_id, queued_at) WHERE code = 'undecryptable';
