-- Whole words of the text and the name: FTS5 without a copy of them.
CREATE VIRTUAL TABLE message_words USING fts5 (
  text, name, content = 'message', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 0'
);
CREATE TRIGGER message_words_add AFTER INSERT ON message BEGIN
  INSERT INTO message_words (rowid, text, name) VALUES (new.id, new.text, new.name);
END;
CREATE TRIGGER message_words_drop AFTER DELETE ON message BEGIN
  INSERT INTO message_words (message_words, rowid, text, name) VALUES ('delete', old.id, old.text, old.name);
END;
