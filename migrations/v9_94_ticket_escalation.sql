-- How far the policy has come with a ticket. Its clock starts again when the ticket is opened or reopened, becomes more
-- severe, wakes, is given to another person by a person, or is not acknowledged any more. For existing tickets it starts
-- now, so that nothing that happened before pages a person.
ALTER TABLE bot_tickets
  -- refers to engine.policies, whose rows are never deleted
  ADD COLUMN policy_version int DEFAULT engine.current_policy(),
  ADD COLUMN escalation_began_at timestamptz NOT NULL DEFAULT engine.now(),
  -- how many steps of its rule were taken since the clock started
  ADD COLUMN escalation_step int NOT NULL DEFAULT 0 CHECK (escalation_step >= 0),
  -- who had the ticket when the clock started, which decides on its rule; written by the first step
  ADD COLUMN escalation_with text,
  -- when the policy last gave it to a person or reminded of it, since the clock started
  ADD COLUMN prompted_at timestamptz,
  -- when the policy made it more severe, which it does once until the ticket is reopened
  ADD COLUMN policy_raised_at timestamptz,
  -- when the policy is applied to it next; NULL: not before the ticket changes
  ADD COLUMN escalate_at timestamptz DEFAULT engine.now();
-- The defaults above were only for existing rows, which get these values without an UPDATE: their updated_at stays.
ALTER TABLE bot_tickets
  ALTER COLUMN policy_version DROP DEFAULT,
  ALTER COLUMN escalation_began_at SET DEFAULT now(),
  ALTER COLUMN escalate_at DROP DEFAULT;

-- For the job escalate-tickets.
CREATE INDEX idx_tickets_escalate ON bot_tickets (escalate_at)
  WHERE escalate_at IS NOT NULL AND status IN ('open', 'assigned');

-- A trigger with SECURITY DEFINER, and not defaults of columns: a role that inserts tickets with the columns of the
-- documented schema may have no right to call a function or to read policies.
CREATE FUNCTION engine.give_policy() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.policy_version := engine.current_policy();
  NEW.escalation_began_at := engine.now();
  NEW.escalate_at := engine.now();
  RETURN NEW;
END
$$;
CREATE TRIGGER ticket_policy_given BEFORE INSERT ON bot_tickets FOR EACH ROW EXECUTE FUNCTION engine.give_policy();

-- SECURITY DEFINER, too, because roles that may not use schema engine also change tickets.
CREATE FUNCTION engine.begin_escalation() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  severities CONSTANT text[] := '{critical,high,medium,low,info}';
  reopened CONSTANT boolean := OLD.status IN ('resolved', 'closed') AND NEW.status IN ('open', 'assigned');
BEGIN
  IF reopened OR OLD.acknowledged_at IS NOT NULL AND NEW.acknowledged_at IS NULL
     OR array_position(severities, NEW.severity::text) < array_position(severities, OLD.severity::text)
     OR NEW.assigned_to IS DISTINCT FROM OLD.assigned_to
     OR NEW.woken_at IS NOT NULL AND NEW.woken_at IS DISTINCT FROM OLD.woken_at
     OR OLD.snoozed_at IS NOT NULL AND NEW.snoozed_at IS NULL THEN
    NEW.escalation_began_at := engine.now();
    NEW.escalation_step := 0;
    NEW.escalation_with := NULL;
    NEW.prompted_at := NULL;
  END IF;
  IF reopened THEN
    NEW.policy_raised_at := NULL;
    NEW.policy_version := coalesce(NEW.policy_version, engine.current_policy());
  END IF;
  NEW.escalate_at := CASE WHEN NEW.status IN ('open', 'assigned') THEN engine.now() END;
  RETURN NEW;
END
$$;
-- Trigger functions: no role calls them.
REVOKE ALL ON FUNCTION engine.give_policy(), engine.begin_escalation() FROM PUBLIC;

-- It lists columns and compares values, as the trigger for the version does, so that a run that only counts changes
-- nothing here. A step of the policy is counted by the policy itself, and does not start the clock again. By its name it
-- runs after ticket_override_kept: a severity that that trigger restores has not risen.
CREATE TRIGGER ticket_policy_begun
  BEFORE UPDATE OF status, severity, severity_override, assigned_to, acknowledged_at, snoozed_at, snoozed_until,
    snoozed_occurrences, woken_at ON bot_tickets
  FOR EACH ROW WHEN (
    NEW.escalation_step = OLD.escalation_step
    AND (OLD.status, OLD.severity, OLD.severity_override, OLD.assigned_to, OLD.acknowledged_at, OLD.snoozed_at,
         OLD.snoozed_until, OLD.snoozed_occurrences, OLD.woken_at)
      IS DISTINCT FROM
        (NEW.status, NEW.severity, NEW.severity_override, NEW.assigned_to, NEW.acknowledged_at, NEW.snoozed_at,
         NEW.snoozed_until, NEW.snoozed_occurrences, NEW.woken_at))
  EXECUTE FUNCTION engine.begin_escalation();
