-- A person can set how severe a ticket is. `severity` is then the value of the person, which everything shows, sorts and
-- counts by. The severity that runs find is kept beside it, for when the person takes theirs back.
ALTER TABLE bot_tickets
  ADD COLUMN severity_override text CHECK (severity_override IN ('critical', 'high', 'medium', 'low', 'info')),
  ADD COLUMN severity_override_by text,
  ADD COLUMN severity_override_reason text,
  ADD COLUMN severity_found text CHECK (severity_found IN ('critical', 'high', 'medium', 'low', 'info')),
  ADD CONSTRAINT bot_tickets_override_check CHECK
    (num_nulls(severity_override, severity_override_by, severity_override_reason, severity_found) IN (0, 4));

-- Processes of the previous version and the platform's own code write `severity` without looking whether a person has
-- set it.
CREATE FUNCTION engine.keep_severity_override() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.severity_found := NEW.severity;
  NEW.severity := NEW.severity_override;
  RETURN NEW;
END
$$;
-- A trigger function: no role calls it.
REVOKE ALL ON FUNCTION engine.keep_severity_override() FROM PUBLIC;

-- Triggers run in the order of their names: this one before ticket_version_counted, so that a value that it restores is
-- not a new version.
CREATE TRIGGER ticket_override_kept BEFORE UPDATE OF severity ON bot_tickets FOR EACH ROW
  WHEN (NEW.severity_override = OLD.severity_override AND NEW.severity <> NEW.severity_override)
  EXECUTE FUNCTION engine.keep_severity_override();

DROP TRIGGER ticket_version_counted ON bot_tickets;
CREATE TRIGGER ticket_version_counted
  BEFORE UPDATE OF status, severity, severity_override, severity_override_by, severity_override_reason, assigned_to,
    acknowledged_at, snoozed_until ON bot_tickets
  FOR EACH ROW WHEN (
    (OLD.status, OLD.severity, OLD.severity_override, OLD.severity_override_by, OLD.severity_override_reason,
     OLD.assigned_to, OLD.acknowledged_at, OLD.snoozed_until)
    IS DISTINCT FROM
    (NEW.status, NEW.severity, NEW.severity_override, NEW.severity_override_by, NEW.severity_override_reason,
     NEW.assigned_to, NEW.acknowledged_at, NEW.snoozed_until))
  EXECUTE FUNCTION engine.count_ticket_version();

ALTER TABLE bot_ticket_events DROP CONSTRAINT bot_ticket_events_event_check;
ALTER TABLE bot_ticket_events ADD CONSTRAINT bot_ticket_events_event_check CHECK (event IN
  ('opened', 'seen', 'assigned', 'unassigned', 'acknowledged', 'snoozed', 'commented', 'noted', 'resolved', 'reopened',
   'closed', 'raised', 'lowered', 'rated', 'unrated'));
