-- An uncertain message is found again by the reference on the wire, where the network gives it back.
CREATE INDEX message_lost ON message (device_id, wire_ref) WHERE state = 8;
