-- Messages: the cold row that stays, the hot outbox of open ones, tries, holds, batches, media.
CREATE TABLE message (
  id BIGINT PRIMARY KEY,
  account_id BIGINT NOT NULL,
  device_id BIGINT NOT NULL,
  direction BIGINT NOT NULL,         -- 0 out, 1 in
  chat TEXT NOT NULL,
  name TEXT NOT NULL,
  sender TEXT NOT NULL,              -- of an incoming one
  content TEXT NOT NULL,             -- transports.port.Content as JSON
  text TEXT NOT NULL,                -- what a search finds
  options TEXT NOT NULL,             -- messages.model.Options as JSON
  media_id BIGINT,
  state BIGINT NOT NULL,             -- messages.model.MessageState; `sending` is in the outbox alone
  code TEXT NOT NULL,                -- why it ended, an error code
  wire_ref TEXT NOT NULL,
  wa_id TEXT,
  request_id BIGINT NOT NULL,
  batch_id BIGINT,
  priority BIGINT NOT NULL,
  schedule_at BIGINT,                -- asked by the caller
  queued_at BIGINT NOT NULL,
  handed_at BIGINT,
  sent_at BIGINT,
  delivered_at BIGINT,
  read_at BIGINT,
  ended_at BIGINT                    -- failed, cancelled, expired, uncertain
);
CREATE INDEX message_account ON message (account_id, queued_at, id);
CREATE INDEX message_device ON message (device_id, queued_at, id);
CREATE INDEX message_chat ON message (account_id, chat, queued_at, id);
-- the states that most messages end in are found fast without it, and every climb would have to move a row in it
CREATE INDEX message_state ON message (account_id, state, queued_at, id) WHERE state NOT IN (2, 3, 4, 9);
CREATE INDEX message_wa ON message (device_id, wa_id) WHERE wa_id IS NOT NULL;
-- an incoming message is the same when chat, sender and id are: one sender cannot shadow another's id
CREATE UNIQUE INDEX message_seen ON message (device_id, chat, sender, wa_id) WHERE direction = 1;
CREATE INDEX message_schedule ON message (device_id, schedule_at) WHERE schedule_at IS NOT NULL AND state = 0;
CREATE INDEX message_media ON message (media_id) WHERE media_id IS NOT NULL;
CREATE TABLE outbox (
  message_id BIGINT PRIMARY KEY,
  account_id BIGINT NOT NULL,
  device_id BIGINT NOT NULL,
  chat TEXT NOT NULL,
  priority BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  seq BIGINT NOT NULL,               -- order of acceptance: the message's id, or a resend's new number
  state BIGINT NOT NULL,             -- 0 queued, 1 sending
  epoch BIGINT NOT NULL,             -- of the owner that took it
  attempt BIGINT NOT NULL,           -- hand-overs begun
  gap_ms BIGINT,                     -- the caller's delay since the last of this priority; NULL: none
  sequence_id BIGINT,                -- the call whose strict order it belongs to
  wire_ref TEXT NOT NULL,
  handed_at BIGINT NOT NULL
);
-- each condition of the next head has its index, so that no intent walks a long backlog
CREATE INDEX outbox_free ON outbox (device_id, priority, due_at, seq) WHERE state = 0 AND gap_ms IS NULL;
CREATE INDEX outbox_paced ON outbox (device_id, priority, due_at, seq) WHERE state = 0 AND gap_ms IS NOT NULL;
CREATE INDEX outbox_due ON outbox (device_id, due_at) WHERE state = 0;
CREATE INDEX outbox_chat ON outbox (device_id, chat, priority, due_at, seq) WHERE state = 0;
CREATE INDEX outbox_retry ON outbox (device_id, chat, priority) WHERE state = 0 AND attempt > 0;
CREATE INDEX outbox_busy_chat ON outbox (device_id, chat) WHERE state = 1;
CREATE INDEX outbox_busy_pace ON outbox (device_id, priority) WHERE state = 1 AND gap_ms IS NOT NULL;
CREATE INDEX outbox_sequence ON outbox (sequence_id, seq) WHERE sequence_id IS NOT NULL;
CREATE INDEX outbox_handed ON outbox (device_id, wire_ref) WHERE attempt > 0;
CREATE TABLE device_clock (
  device_id BIGINT PRIMARY KEY,
  next_send_at BIGINT NOT NULL       -- the device's own pace
);
CREATE TABLE device_pace (
  device_id BIGINT NOT NULL,
  priority BIGINT NOT NULL,
  last_at BIGINT NOT NULL,           -- the last hand-over of this priority that was acknowledged
  PRIMARY KEY (device_id, priority)
);
CREATE TABLE attempt (
  message_id BIGINT NOT NULL,
  handed_at BIGINT NOT NULL,
  n BIGINT NOT NULL,                 -- which try; a resend begins at 1 again
  ended_at BIGINT NOT NULL,
  outcome TEXT NOT NULL,             -- messages.handover.Outcome
  code TEXT NOT NULL,
  PRIMARY KEY (message_id, handed_at)
);
CREATE TABLE hold (
  message_id BIGINT NOT NULL,
  at BIGINT NOT NULL,
  n BIGINT NOT NULL,
  reason TEXT NOT NULL,              -- messages.model.HoldReason
  until_at BIGINT NOT NULL,
  PRIMARY KEY (message_id, at, n)
);
CREATE TABLE batch (
  id BIGINT PRIMARY KEY,
  account_id BIGINT NOT NULL,
  request_id BIGINT NOT NULL,
  first_id BIGINT NOT NULL,
  count BIGINT NOT NULL,
  made BIGINT NOT NULL,
  plan TEXT NOT NULL,                -- messages.model.BatchPlan as JSON: what all its messages share
  queued_at BIGINT NOT NULL,
  shift_ms BIGINT NOT NULL           -- from the clock of the process that accepted it to the database's
);
CREATE INDEX batch_open ON batch (account_id) WHERE made < count;
CREATE INDEX batch_first ON batch (first_id);
CREATE TABLE batch_part (
  batch_id BIGINT NOT NULL,
  n BIGINT NOT NULL,
  first_id BIGINT NOT NULL,
  count BIGINT NOT NULL,
  targets TEXT NOT NULL,             -- JSON; the row goes when its messages are made
  PRIMARY KEY (batch_id, n)
);
CREATE INDEX batch_part_first ON batch_part (first_id);
CREATE TABLE media (
  id BIGINT PRIMARY KEY,
  account_id BIGINT NOT NULL,
  path TEXT NOT NULL,                -- inside the media folder
  kind TEXT NOT NULL,
  mime TEXT NOT NULL,
  size_bytes BIGINT NOT NULL,
  filename TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX media_created ON media (created_at);
