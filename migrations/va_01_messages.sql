-- The order in which the receiver got the messages about a ticket. Times do not show it: the clock may have been set back.
ALTER TABLE bot_notifications ADD COLUMN sent_order int CHECK (sent_order > 0);
UPDATE bot_notifications n SET sent_order = o.place
FROM (SELECT id, row_number() OVER (PARTITION BY ticket_id, channel ORDER BY coalesce(sent_at, created_at), position) AS place
      FROM bot_notifications WHERE ticket_id IS NOT NULL AND reference IS NOT NULL) o
WHERE n.id = o.id;

-- `status` counts the messages that failed in the last day; those of a channel that is removed become superseded.
CREATE INDEX idx_notifications_failed ON bot_notifications (channel, created_at) WHERE status = 'failed';

-- Set while a secret of the channel cannot be opened, or its value does not fit: nothing can be sent, and messages are tried again.
ALTER TABLE engine.channels
  ADD COLUMN unusable_since timestamptz,
  ADD COLUMN unusable_reason text,
  ADD CHECK ((unusable_since IS NULL) = (unusable_reason IS NULL));
