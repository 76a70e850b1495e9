-- How often the network refused a message for now. Other hand-overs that did not end well cost it no try.
ALTER TABLE outbox ADD COLUMN refusals BIGINT NOT NULL DEFAULT 0;
