-- Two tickets with the same cause become one. The merged ticket refers to its survivor, which stands for both. It keeps
-- its status, because a problem without a pending ticket would get a new one. After both have ended, the reference is
-- only history.
ALTER TABLE bot_tickets
  ADD COLUMN merged_into uuid REFERENCES bot_tickets(id) ON DELETE SET NULL,
  ADD CONSTRAINT bot_tickets_merged_check CHECK (merged_into <> id);

CREATE INDEX idx_tickets_merged ON bot_tickets (merged_into) WHERE merged_into IS NOT NULL;

-- Refuses chains and cycles, whatever writes: a pending ticket may only refer to a pending ticket that refers to none,
-- and to which no other one refers in turn. The survivor is locked until the transaction ends, so that of two
-- transactions at the same time the second one sees what the first one wrote.
CREATE FUNCTION engine.check_ticket_merge() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
  PERFORM FROM public.bot_tickets s
  WHERE s.id = NEW.merged_into AND s.merged_into IS NULL AND s.status IN ('open', 'assigned') FOR NO KEY UPDATE;
  IF NOT FOUND OR EXISTS (SELECT FROM public.bot_tickets m
                          WHERE m.merged_into = NEW.id AND m.status IN ('open', 'assigned')) THEN
    RAISE EXCEPTION 'ticket % cannot be merged: its survivor is not pending or merged itself, or others are merged into it',
      NEW.number USING ERRCODE = 'check_violation', CONSTRAINT = 'bot_tickets_merged_check', TABLE = 'bot_tickets';
  END IF;
  RETURN NULL;
END
$$;
-- A trigger function: no role calls it.
REVOKE ALL ON FUNCTION engine.check_ticket_merge() FROM PUBLIC;

-- It runs after the statement, because merging a survivor also moves the tickets that were merged into it.
CREATE TRIGGER ticket_merge_checked AFTER UPDATE OF merged_into, status ON bot_tickets FOR EACH ROW
  WHEN (NEW.merged_into IS NOT NULL AND NEW.status IN ('open', 'assigned')
        AND (OLD.merged_into IS DISTINCT FROM NEW.merged_into OR OLD.status IN ('resolved', 'closed')))
  EXECUTE FUNCTION engine.check_ticket_merge();
CREATE TRIGGER new_ticket_merge_checked AFTER INSERT ON bot_tickets FOR EACH ROW
  WHEN (NEW.merged_into IS NOT NULL AND NEW.status IN ('open', 'assigned'))
  EXECUTE FUNCTION engine.check_ticket_merge();

DROP TRIGGER ticket_version_counted ON bot_tickets;
CREATE TRIGGER ticket_version_counted
  BEFORE UPDATE OF status, severity, severity_override, severity_override_by, severity_override_reason, assigned_to,
    acknowledged_at, snoozed_at, snoozed_until, snoozed_occurrences, merged_into ON bot_tickets
  FOR EACH ROW WHEN (
    (OLD.status, OLD.severity, OLD.severity_override, OLD.severity_override_by, OLD.severity_override_reason,
     OLD.assigned_to, OLD.acknowledged_at, OLD.snoozed_at, OLD.snoozed_until, OLD.snoozed_occurrences, OLD.merged_into)
    IS DISTINCT FROM
    (NEW.status, NEW.severity, NEW.severity_override, NEW.severity_override_by, NEW.severity_override_reason,
     NEW.assigned_to, NEW.acknowledged_at, NEW.snoozed_at, NEW.snoozed_until, NEW.snoozed_occurrences, NEW.merged_into))
  EXECUTE FUNCTION engine.count_ticket_version();
