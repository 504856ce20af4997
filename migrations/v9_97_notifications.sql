-- Messages about tickets. The job route-events inserts a row in the transaction that handles the event, and the job
-- deliver sends it afterwards. The row only says which ticket and which of its events; the text is made when the message
-- is sent.
ALTER TABLE bot_notifications DROP CONSTRAINT bot_notifications_status_check;
ALTER TABLE bot_notifications
  ADD CONSTRAINT bot_notifications_status_check CHECK (status IN ('pending', 'sent', 'failed', 'superseded')),
  ALTER COLUMN payload SET DEFAULT '{}',
  -- the order in which messages were made, because two may have the same time
  ADD COLUMN position bigint GENERATED ALWAYS AS IDENTITY,
  -- group: one message in place of those that name it in superseded_by
  ADD COLUMN kind text NOT NULL DEFAULT 'ticket' CHECK (kind IN ('ticket', 'comment', 'group')),
  -- the rows of bot_ticket_events that the message tells
  ADD COLUMN events bigint[] NOT NULL DEFAULT '{}',
  -- which route of the settings decided, in words for people
  ADD COLUMN route text,
  -- the message tells of a ticket that was opened or reopened
  ADD COLUMN opens boolean NOT NULL DEFAULT false,
  -- until send_after the message waits for others, to be sent with them as one
  ADD COLUMN gathers boolean NOT NULL DEFAULT false,
  -- the tries since they last began anew: when a person had it sent again, or its channel worked again; `attempts`
  -- counts all
  ADD COLUMN tries int NOT NULL DEFAULT 0 CHECK (tries >= 0),
  -- a process began to send it, and has not recorded the end
  ADD COLUMN sending_since timestamptz,
  -- how often it may have been sent before, because a process ended between sending and recording
  ADD COLUMN repeats int NOT NULL DEFAULT 0 CHECK (repeats >= 0),
  -- the id by which the receiver knows it, and what the receiver did with it
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

-- What is known of a channel beside its settings. At most one run of the job deliver sends through a channel at a time.
CREATE TABLE engine.channels (
  name text PRIMARY KEY,
  -- the run of the job that sends through it; if that run is not running any more, the channel is free
  held_by uuid,
  -- until when the receiver asked to wait
  wait_until timestamptz,
  -- nothing is sent until a person changes the channel or switches it on
  off_since timestamptz,
  off_reason text,
  -- the ticket that tells people that the channel is off
  ticket_id uuid REFERENCES bot_tickets(id) ON DELETE SET NULL,
  CHECK ((off_since IS NULL) = (off_reason IS NULL))
);
REVOKE ALL ON engine.channels FROM PUBLIC, anon, authenticated, service_role;
GRANT SELECT, INSERT, UPDATE, DELETE ON engine.channels TO service_role;
SELECT engine.let_checks_read();
