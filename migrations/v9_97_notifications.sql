-- Messages about tickets. A row is made with what caused it (the job route-events) and sent afterwards (the job deliver).
-- What a message says is read when it is sent: the row has only which ticket and which of its events.
ALTER TABLE bot_notifications DROP CONSTRAINT bot_notifications_status_check;
ALTER TABLE bot_notifications
  ADD CONSTRAINT bot_notifications_status_check CHECK (status IN ('pending', 'sent', 'failed', 'superseded')),
  ALTER COLUMN payload SET DEFAULT '{}',
  -- the order in which they were made: two may have one time
  ADD COLUMN position bigint GENERATED ALWAYS AS IDENTITY,
  -- group: it stands for the messages that name it in superseded_by
  ADD COLUMN kind text NOT NULL DEFAULT 'ticket' CHECK (kind IN ('ticket', 'comment', 'group')),
  -- the rows of bot_ticket_events of which it tells
  ADD COLUMN events bigint[] NOT NULL DEFAULT '{}',
  -- which route of the settings decided, as people count them
  ADD COLUMN route text,
  -- it tells of a ticket that is new or open again
  ADD COLUMN opens boolean NOT NULL DEFAULT false,
  -- until send_after it waits for others, to be sent with them as one
  ADD COLUMN gathers boolean NOT NULL DEFAULT false,
  -- tries since its retries last began anew; `attempts` counts all
  ADD COLUMN tries int NOT NULL DEFAULT 0 CHECK (tries >= 0),
  -- a sending has begun whose end is not recorded
  ADD COLUMN sending_since timestamptz,
  -- so often it may have been sent before, because a process ended between sending and recording it
  ADD COLUMN repeats int NOT NULL DEFAULT 0 CHECK (repeats >= 0),
  -- by which the receiver knows it, and how it went there
  ADD COLUMN reference text,
  ADD COLUMN note text,
  -- why it was not sent
  ADD COLUMN reason text,
  ADD COLUMN superseded_by uuid REFERENCES bot_notifications(id) ON DELETE SET NULL;

DROP INDEX idx_notifications_pending;
DROP INDEX idx_notifications_ticket;
CREATE INDEX idx_notifications_pending ON bot_notifications (channel, send_after) WHERE status = 'pending';
CREATE INDEX idx_notifications_ticket ON bot_notifications (ticket_id, channel, position);
CREATE INDEX idx_notifications_sent ON bot_notifications (channel, sent_at) WHERE status = 'sent';
CREATE INDEX idx_notifications_superseded ON bot_notifications (superseded_by) WHERE superseded_by IS NOT NULL;
CREATE INDEX idx_notifications_position ON bot_notifications (position);

-- What is known of a channel beside its settings. At most one run of the job deliver sends through it at a time.
CREATE TABLE engine.channels (
  name text PRIMARY KEY,
  -- the run of a job that sends through it; free where that run does not run any more
  held_by uuid,
  -- the receiver asked to wait until then
  wait_until timestamptz,
  -- nothing is sent until a person changes it or switches it on
  off_since timestamptz,
  off_reason text,
  -- the ticket that tells people that it is off
  ticket_id uuid REFERENCES bot_tickets(id) ON DELETE SET NULL,
  CHECK ((off_since IS NULL) = (off_reason IS NULL))
);
REVOKE ALL ON engine.channels FROM PUBLIC, anon, authenticated, service_role;
GRANT SELECT, INSERT, UPDATE, DELETE ON engine.channels TO service_role;
SELECT engine.let_checks_read();
