-- As before (v8_77_external_rows.sql), but a time near the last one that PostgreSQL knows is accepted: nothing is added
-- to it.
CREATE OR REPLACE FUNCTION engine.external_run() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.trigger := 'external';
    NEW.queued_at := least(NEW.created_at, NEW.started_at);
  END IF;
  IF NEW.completed_at IS NULL AND NEW.status NOT IN ('queued', 'running') THEN
    NEW.completed_at := coalesce(
      CASE WHEN NEW.started_at >= '9999-01-01 00:00:00Z' AND NEW.execution_time_ms IS NOT NULL THEN NEW.started_at END,
      NEW.started_at + make_interval(secs => NEW.execution_time_ms / 1000.0), engine.now());
  END IF;
  RETURN NEW;
END
$$;

-- A problem that is detected in the future counts as last seen now, so that a ticket that a person resolves stays
-- resolved.
CREATE OR REPLACE FUNCTION engine.external_finding() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.check_name := 'external';
    NEW.component_key := coalesce(NEW.component_key, NEW.affected_component, '');
    NEW.fingerprint := 'external-' || NEW.id;
    NEW.last_seen_at := least(coalesce(NEW.detected_at, NEW.resolved_at), engine.now());
    NEW.last_execution_id := coalesce(NEW.last_execution_id, NEW.execution_id);
  END IF;
  IF NEW.resolved_at IS NOT NULL THEN
    -- Nothing is known to have cured it.
    NEW.resolution_method := coalesce(NEW.resolution_method, 'cleared');
  END IF;
  RETURN NEW;
END
$$;
UPDATE bot_findings SET last_seen_at = engine.now() WHERE fingerprint LIKE 'external-%' AND last_seen_at > engine.now();

-- If the platform's code writes an assigned ticket without a person, it is told by a warning what the trigger makes of
-- it.
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
  IF TG_OP = 'INSERT' THEN
    NEW.fingerprint := coalesce((
      SELECT f.fingerprint FROM public.bot_findings f
      WHERE f.id = NEW.finding_id AND f.bot_id = NEW.bot_id AND NOT EXISTS (
        SELECT FROM public.bot_tickets t
        WHERE t.bot_id = f.bot_id AND t.fingerprint = f.fingerprint AND t.status IN ('open', 'assigned')
          AND NEW.status IN ('open', 'assigned'))), 'external-' || NEW.id);
    NEW.respond_by := coalesce(NEW.respond_by, CASE WHEN NEW.status IN ('open', 'assigned')
      THEN CASE WHEN NEW.created_at >= '9999-01-01 00:00:00Z' THEN NEW.created_at
                ELSE coalesce(NEW.created_at, engine.now()) + engine.respond_within(NEW.severity) END END);
  END IF;
  RETURN NEW;
END
$$;
