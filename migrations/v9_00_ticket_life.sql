-- What people do with a ticket, beside its four statuses. `version` grows with each change by a person and with each
-- change of status, but not when runs count. A person's change is only written if `version` is still the one that the
-- person saw.
ALTER TABLE bot_tickets
  ADD COLUMN version int NOT NULL DEFAULT 0,
  ADD COLUMN acknowledged_by text,
  -- who reopened it although its problem was gone: such a ticket is not ended by runs
  ADD COLUMN reopened_by text;

CREATE FUNCTION engine.count_ticket_version() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.version = OLD.version + 1;
  RETURN NEW;
END
$$;
-- A trigger function: no role calls it.
REVOKE ALL ON FUNCTION engine.count_ticket_version() FROM PUBLIC;

-- It lists columns and compares values, so that a statement written by hand counts, too, and an update by a run that
-- does not change them does not.
CREATE TRIGGER ticket_version_counted
  BEFORE UPDATE OF status, assigned_to, acknowledged_at, snoozed_until ON bot_tickets
  FOR EACH ROW WHEN (
    (OLD.status, OLD.assigned_to, OLD.acknowledged_at, OLD.snoozed_until)
    IS DISTINCT FROM (NEW.status, NEW.assigned_to, NEW.acknowledged_at, NEW.snoozed_until))
  EXECUTE FUNCTION engine.count_ticket_version();

ALTER TABLE bot_ticket_events DROP CONSTRAINT bot_ticket_events_event_check;
ALTER TABLE bot_ticket_events ADD CONSTRAINT bot_ticket_events_event_check CHECK (event IN
  ('opened', 'seen', 'assigned', 'unassigned', 'acknowledged', 'snoozed', 'commented', 'noted', 'resolved', 'reopened',
   'closed'));

-- For the job close-tickets.
CREATE INDEX idx_tickets_resolved ON bot_tickets (resolved_at) WHERE status = 'resolved';

-- For tickets related to another one: pending ones about the same component, and ended ones of the same check.
CREATE INDEX idx_tickets_component ON bot_tickets ((metadata ->> 'component')) WHERE status IN ('open', 'assigned');
CREATE INDEX idx_tickets_check ON bot_tickets (bot_id, (metadata ->> 'check'), resolved_at DESC)
  WHERE status IN ('resolved', 'closed');
