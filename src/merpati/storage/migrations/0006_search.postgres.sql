-- Whole words of the text and the name: indexes over expressions, no columns.
CREATE INDEX message_words ON message USING gin (to_tsvector('simple', text));
CREATE INDEX message_names ON message USING gin (to_tsvector('simple', name));
