-- Which number of Meta's a body tells its device of: a device may be another one by the time it is worked.
ALTER TABLE cloud_news ADD COLUMN number_id TEXT NOT NULL DEFAULT '';
UPDATE cloud_news SET number_id =
  coalesce((SELECT l.number_id FROM cloud_line l WHERE l.device_id = cloud_news.device_id), '');
