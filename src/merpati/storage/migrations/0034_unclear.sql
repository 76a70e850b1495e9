-- Whether a device sends again by itself what nobody answered: 1 where its owner knows that it may arrive twice.
ALTER TABLE device ADD COLUMN resend_unclear BIGINT NOT NULL DEFAULT 0;
