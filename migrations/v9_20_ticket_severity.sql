-- If the severity rises or falls while a ticket is pending, that is an event and a new version: a person who
-- acknowledges a ticket must have seen how severe it is.
ALTER TABLE bot_ticket_events DROP CONSTRAINT bot_ticket_events_event_check;
ALTER TABLE bot_ticket_events ADD CONSTRAINT bot_ticket_events_event_check CHECK (event IN
  ('opened', 'seen', 'assigned', 'unassigned', 'acknowledged', 'snoozed', 'commented', 'noted', 'resolved', 'reopened',
   'closed', 'raised', 'lowered'));

DROP TRIGGER ticket_version_counted ON bot_tickets;
CREATE TRIGGER ticket_version_counted
  BEFORE UPDATE OF status, severity, assigned_to, acknowledged_at, snoozed_until ON bot_tickets
  FOR EACH ROW WHEN (
    (OLD.status, OLD.severity, OLD.assigned_to, OLD.acknowledged_at, OLD.snoozed_until)
    IS DISTINCT FROM (NEW.status, NEW.severity, NEW.assigned_to, NEW.acknowledged_at, NEW.snoozed_until))
  EXECUTE FUNCTION engine.count_ticket_version();
