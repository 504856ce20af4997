-- How far the policy has come with a ticket. Its clock begins when the ticket is opened or reopened, becomes more severe,
-- wakes, gets another person by a person's hand, or is no longer acknowledged. The clocks of tickets that are there already
-- begin now: nothing that happened before pages anyone.
ALTER TABLE bot_tickets
  -- of engine.policies, whose rows stay
  ADD COLUMN policy_version int DEFAULT engine.current_policy(),
  ADD COLUMN escalation_began_at timestamptz NOT NULL DEFAULT engine.now(),
  -- how many steps of its rule were taken since then
  ADD COLUMN escalation_step int NOT NULL DEFAULT 0 CHECK (escalation_step >= 0),
  -- who had it when the clock began, kept by the first step: by that its rule is chosen
  ADD COLUMN escalation_with text,
  -- when the policy last gave it to a person or reminded of it, since the clock began
  ADD COLUMN prompted_at timestamptz,
  -- when the policy made it more severe; once until it is reopened
  ADD COLUMN policy_raised_at timestamptz,
  -- when the policy is asked about it next; NULL: not before it changes
  ADD COLUMN escalate_at timestamptz DEFAULT engine.now();
-- These defaults were for the rows that are there, which are not written: their updated_at stays.
ALTER TABLE bot_tickets
  ALTER COLUMN policy_version DROP DEFAULT,
  ALTER COLUMN escalation_began_at SET DEFAULT now(),
  ALTER COLUMN escalate_at DROP DEFAULT;

-- What the job escalate-tickets looks for.
CREATE INDEX idx_tickets_escalate ON bot_tickets (escalate_at)
  WHERE escalate_at IS NOT NULL AND status IN ('open', 'assigned');

-- SECURITY DEFINER, and no defaults of columns: who may insert tickets with the documented schema's columns need not be
-- allowed to call a function, or to read policies.
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

-- SECURITY DEFINER as well: also roles that may not enter schema engine change tickets.
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

-- By columns and values, as for the version: a run that only counts changes nothing here. A step of the policy counts itself,
-- and its clock goes on. By its name after ticket_override_kept: what that one puts right has not become more severe.
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
