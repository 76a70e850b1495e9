-- What the network charges a message as: transports.port.Cost as text; null: it was not told.
ALTER TABLE message ADD COLUMN cost TEXT;
