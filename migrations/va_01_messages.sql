-- In which order the receiver got the messages about a ticket. Times do not say it: the clock may have been set back.
ALTER TABLE bot_notifications ADD COLUMN sent_order int CHECK (sent_order > 0);
UPDATE bot_notifications n SET sent_order = o.place
FROM (SELECT id, row_number() OVER (PARTITION BY ticket_id, channel ORDER BY coalesce(sent_at, created_at), position) AS place
      FROM bot_notifications WHERE ticket_id IS NOT NULL AND reference IS NOT NULL) o
WHERE n.id = o.id;

-- Those of the last day are counted, and those of a channel that is taken away are not to be told any more.
CREATE INDEX idx_notifications_failed ON bot_notifications (channel, created_at) WHERE status = 'failed';

-- A secret of the channel cannot be opened, or its value does not fit: nothing can be sent, and it is tried again.
ALTER TABLE engine.channels
  ADD COLUMN unusable_since timestamptz,
  ADD COLUMN unusable_reason text,
  ADD CHECK ((unusable_since IS NULL) = (unusable_reason IS NULL));
