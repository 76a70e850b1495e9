-- When Meta's challenge to a number's webhook address was answered; 0: it never was.
ALTER TABLE cloud_line ADD COLUMN answered_at BIGINT NOT NULL DEFAULT 0;
