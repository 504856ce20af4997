-- A snoozed ticket waits until a time, until its problem was seen a number of times again, or until it becomes more
-- severe. People write the columns `snoozed_*`. Runs only count, and set woken_at when they wake it. A ticket is snoozed
-- while `woken_at` is NULL or older than the snooze.
ALTER TABLE bot_tickets
  ADD COLUMN snoozed_at timestamptz,
  ADD COLUMN snoozed_by text,
  -- its severity when it was snoozed: it wakes when it becomes more severe than that
  ADD COLUMN snoozed_severity text CHECK (snoozed_severity IN ('critical', 'high', 'medium', 'low', 'info')),
  ADD COLUMN snoozed_occurrences int CHECK (snoozed_occurrences >= 1),
  -- how many runs that began after the snooze saw the problem; a new snooze sets it to 0
  ADD COLUMN snooze_seen int NOT NULL DEFAULT 0,
  ADD COLUMN woken_at timestamptz,
  ADD CONSTRAINT bot_tickets_snooze_check CHECK (snoozed_occurrences IS NULL OR snoozed_at IS NOT NULL);

-- For tickets whose time may be over.
CREATE INDEX idx_tickets_snoozed ON bot_tickets (snoozed_until)
  WHERE snoozed_until IS NOT NULL AND status IN ('open', 'assigned');

DROP TRIGGER ticket_version_counted ON bot_tickets;
CREATE TRIGGER ticket_version_counted
  BEFORE UPDATE OF status, severity, severity_override, severity_override_by, severity_override_reason, assigned_to,
    acknowledged_at, snoozed_at, snoozed_until, snoozed_occurrences ON bot_tickets
  FOR EACH ROW WHEN (
    (OLD.status, OLD.severity, OLD.severity_override, OLD.severity_override_by, OLD.severity_override_reason,
     OLD.assigned_to, OLD.acknowledged_at, OLD.snoozed_at, OLD.snoozed_until, OLD.snoozed_occurrences)
    IS DISTINCT FROM
    (NEW.status, NEW.severity, NEW.severity_override, NEW.severity_override_by, NEW.severity_override_reason,
     NEW.assigned_to, NEW.acknowledged_at, NEW.snoozed_at, NEW.snoozed_until, NEW.snoozed_occurrences))
  EXECUTE FUNCTION engine.count_ticket_version();

ALTER TABLE bot_ticket_events DROP CONSTRAINT bot_ticket_events_event_check;
ALTER TABLE bot_ticket_events ADD CONSTRAINT bot_ticket_events_event_check CHECK (event IN
  ('opened', 'seen', 'assigned', 'unassigned', 'acknowledged', 'snoozed', 'woken', 'commented', 'noted', 'resolved',
   'reopened', 'closed', 'raised', 'lowered', 'rated', 'unrated'));
