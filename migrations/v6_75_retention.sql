-- In the documented schema, deleting a run deletes its findings, and deleting a finding its tickets; deleting a bot
-- deletes all of them. These cascades stay, and these triggers refuse to delete what must be kept. TRUNCATE is not
-- guarded: only the owner may use it.

-- A bot that is not wanted any more is set to `disabled`, because deleting it would delete its history.
CREATE FUNCTION engine.keep_bot_history() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM public.bot_executions WHERE bot_id = OLD.id)
     OR EXISTS (SELECT FROM public.bot_findings WHERE bot_id = OLD.id)
     OR EXISTS (SELECT FROM public.bot_actions WHERE bot_id = OLD.id)
     OR EXISTS (SELECT FROM public.bot_tickets WHERE bot_id = OLD.id)
     -- What is left when its runs have been pruned.
     OR EXISTS (SELECT FROM public.bot_decisions WHERE bot_id = OLD.id)
     OR EXISTS (SELECT FROM public.bot_metrics WHERE bot_id = OLD.id) THEN
    RAISE restrict_violation USING MESSAGE = format('bot %s has a history and stays', OLD.name),
      HINT = 'set its status to disabled', TABLE = 'bots', CONSTRAINT = 'bots_keep_history';
  END IF;
  RETURN OLD;
END
$$;
CREATE TRIGGER bot_history_kept BEFORE DELETE ON bots
  FOR EACH ROW EXECUTE FUNCTION engine.keep_bot_history();

-- Skips a run with an open finding or ticket, without an error: old runs are deleted by one DELETE, and an error would
-- make one old ticket keep all of them. The run is deleted after the finding or ticket is resolved. (The finding keeps
-- its reference to the run, because the run that found a problem is its evidence.) Only a delete of the bot cascades to
-- here, and bots refuses that before: if a cascade skipped a run, the run would refer to a bot that does not exist.
CREATE FUNCTION engine.keep_open_run() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (
    SELECT FROM public.bot_findings f
    WHERE f.execution_id = OLD.id AND (f.resolved_at IS NULL OR EXISTS (
      SELECT FROM public.bot_tickets t WHERE t.finding_id = f.id AND t.status IN ('open', 'assigned')))
  ) THEN
    RETURN NULL;
  END IF;
  RETURN OLD;
END
$$;
CREATE TRIGGER open_run_kept BEFORE DELETE ON bot_executions
  FOR EACH ROW EXECUTE FUNCTION engine.keep_open_run();

-- These raise an error. A cascade reaches them only if a finding or ticket was opened after keep_open_run looked at the
-- run. Then the whole DELETE fails, and the next one skips that run.
CREATE FUNCTION engine.keep_open_finding() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF OLD.resolved_at IS NULL OR EXISTS (
    SELECT FROM public.bot_tickets t WHERE t.finding_id = OLD.id AND t.status IN ('open', 'assigned')
  ) THEN
    RAISE restrict_violation USING MESSAGE = format('finding %s is open, or its ticket is', OLD.id),
      HINT = 'resolve it first', TABLE = 'bot_findings', CONSTRAINT = 'bot_findings_keep_open';
  END IF;
  RETURN OLD;
END
$$;
CREATE TRIGGER open_finding_kept BEFORE DELETE ON bot_findings
  FOR EACH ROW EXECUTE FUNCTION engine.keep_open_finding();

CREATE FUNCTION engine.keep_open_ticket() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE restrict_violation USING MESSAGE = format('ticket T-%s is %s', OLD.number, OLD.status),
    HINT = 'resolve it first', TABLE = 'bot_tickets', CONSTRAINT = 'bot_tickets_keep_open';
END
$$;
CREATE TRIGGER open_ticket_kept BEFORE DELETE ON bot_tickets FOR EACH ROW
  WHEN (OLD.status IN ('open', 'assigned')) EXECUTE FUNCTION engine.keep_open_ticket();

-- Trigger functions: no role calls them.
REVOKE EXECUTE ON FUNCTION engine.keep_bot_history(), engine.keep_open_run(), engine.keep_open_finding(),
  engine.keep_open_ticket() FROM PUBLIC, anon, authenticated;
