-- Whole words of the text: an index over the expression, no column.
CREATE INDEX message_words ON message USING gin (to_tsvector('simple', text));
