-- Whole words of the text: FTS5 without a copy of it.
CREATE VIRTUAL TABLE message_words USING fts5 (text, content = 'message', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 0');
CREATE TRIGGER message_words_add AFTER INSERT ON message BEGIN
  INSERT INTO message_words (rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER message_words_drop AFTER DELETE ON message BEGIN
  INSERT INTO message_words (message_words, rowid, text) VALUES ('delete', old.id, old.text);
END;
