-- If the platform's own code inserts or ends a ticket, this is now an event, as when the engine or a person does. People
-- are only told of events, so they were not told of these tickets.
CREATE OR REPLACE FUNCTION engine.external_ticket() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
  IF NEW.assigned_to IS NOT NULL AND NEW.status = 'open' THEN
    NEW.status := 'assigned';
  ELSIF NEW.assigned_to IS NULL AND NEW.status = 'assigned' THEN
    NEW.status := 'open';
    RAISE WARNING 'the ticket is open, not assigned: assigned_to names no person';
  END IF;
  IF NEW.status IN ('resolved', 'closed') THEN
    NEW.resolved_at := coalesce(NEW.resolved_at, engine.now());
    NEW.resolution_notes := coalesce(NEW.resolution_notes, '');
  END IF;
  IF TG_OP = 'UPDATE' THEN
    IF OLD.status IN ('open', 'assigned') AND NEW.status IN ('resolved', 'closed') THEN
      INSERT INTO public.bot_ticket_events (ticket_id, event, actor, detail, created_at)
      VALUES (NEW.id, 'resolved', 'external', jsonb_build_object('notes', NEW.resolution_notes), engine.now());
    END IF;
  ELSE
    NEW.fingerprint := coalesce((
      SELECT f.fingerprint FROM public.bot_findings f
      WHERE f.id = NEW.finding_id AND f.bot_id = NEW.bot_id AND NOT EXISTS (
        SELECT FROM public.bot_tickets t
        WHERE t.bot_id = f.bot_id AND t.fingerprint = f.fingerprint AND t.status IN ('open', 'assigned')
          AND NEW.status IN ('open', 'assigned'))), 'external-' || NEW.id);
    NEW.respond_by := coalesce(NEW.respond_by, CASE WHEN NEW.status IN ('open', 'assigned')
      THEN CASE WHEN NEW.created_at >= '9999-01-01 00:00:00Z' THEN NEW.created_at
                ELSE coalesce(NEW.created_at, engine.now()) + engine.respond_within(NEW.severity) END END);
    -- The event names the ticket, which is not there before the row is: external_ticket_told writes it, for this row.
    PERFORM set_config('engine.external_ticket', NEW.id::text, true);
  END IF;
  RETURN NEW;
END
$$;

CREATE FUNCTION engine.tell_external_ticket() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
  INSERT INTO public.bot_ticket_events (ticket_id, event, actor, detail, created_at)
  VALUES (NEW.id, 'opened', 'external', jsonb_build_object('assigned_to', NEW.assigned_to), engine.now());
  RETURN NULL;
END
$$;
CREATE TRIGGER external_ticket_told AFTER INSERT ON bot_tickets FOR EACH ROW
  WHEN (NEW.status IN ('open', 'assigned') AND current_setting('engine.external_ticket', true) = NEW.id::text)
  EXECUTE FUNCTION engine.tell_external_ticket();
REVOKE ALL ON FUNCTION engine.tell_external_ticket() FROM PUBLIC;
