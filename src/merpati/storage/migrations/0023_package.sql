-- The name of a device's plan, beside its quota and its end; empty: it has none.
ALTER TABLE device ADD COLUMN package TEXT NOT NULL DEFAULT '';
