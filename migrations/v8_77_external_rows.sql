-- The platform's own code inserts rows with only the columns of the documented schema. These triggers accept them and fill
-- in what they lack. Each fires only for a row that a constraint would refuse (external_run_left: for an update by an older
-- process). The engine's own rows name all columns, so no trigger here changes them.
--
-- `external` marks such rows. The engine shows them and never changes them: no scheduler queues such a run, no worker starts
-- it, no rescue takes it over, and it takes no place of its bot's runs.

ALTER TABLE bot_executions
  DROP CONSTRAINT bot_executions_trigger_check,
  ADD CONSTRAINT bot_executions_trigger_check CHECK
    (trigger IN ('schedule', 'manual', 'backfill', 'verify', 'external')),
  DROP CONSTRAINT bot_executions_slot_check,
  ADD CONSTRAINT bot_executions_slot_check CHECK
    ((scheduled_for IS NULL) = (trigger IN ('manual', 'verify', 'external'))),
  DROP CONSTRAINT bot_executions_running_check,
  ADD CONSTRAINT bot_executions_running_check CHECK
    (status <> 'running' OR trigger = 'external' OR (fence IS NOT NULL AND lease_until IS NOT NULL AND worker IS NOT NULL)),
  -- no worker of the engine has ever carried it out
  ADD CONSTRAINT bot_executions_external_check CHECK
    (trigger <> 'external' OR (generation = 0 AND attempt = 0 AND num_nonnulls(fence, lease_until, worker) = 0));

-- A run that the engine's schedule made has a slot; a row of `schedule` without one is external. If a row has ended without
-- completed_at, it gets its start plus execution_time_ms, or the current time.
CREATE FUNCTION engine.external_run() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.trigger := 'external';
    NEW.queued_at := least(NEW.created_at, NEW.started_at);
  END IF;
  IF NEW.completed_at IS NULL AND NEW.status NOT IN ('queued', 'running') THEN
    NEW.completed_at := coalesce(NEW.started_at + make_interval(secs => NEW.execution_time_ms / 1000.0), engine.now());
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER external_run BEFORE INSERT ON bot_executions FOR EACH ROW
  WHEN (NEW.trigger = 'schedule' AND NEW.scheduled_for IS NULL)
  EXECUTE FUNCTION engine.external_run();
CREATE TRIGGER external_run_ended BEFORE UPDATE OF status ON bot_executions FOR EACH ROW
  WHEN (NEW.trigger = 'external' AND NEW.completed_at IS NULL)
  EXECUTE FUNCTION engine.external_run();

-- Processes of the previous version do not know external runs and would queue them: this trigger makes their update skip
-- the row.
CREATE FUNCTION engine.external_run_left() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN NULL;
END
$$;
CREATE TRIGGER external_run_left BEFORE UPDATE OF generation ON bot_executions FOR EACH ROW
  WHEN (OLD.trigger = 'external' AND NEW.generation <> OLD.generation)
  EXECUTE FUNCTION engine.external_run_left();

-- No check of the engine has this name, so no run counts the finding again or resolves it: the code that wrote it does
-- that.
CREATE FUNCTION engine.external_finding() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.check_name := 'external';
    NEW.component_key := coalesce(NEW.component_key, NEW.affected_component, '');
    NEW.fingerprint := 'external-' || NEW.id;
    NEW.last_seen_at := coalesce(NEW.detected_at, NEW.resolved_at, engine.now());
    NEW.last_execution_id := coalesce(NEW.last_execution_id, NEW.execution_id);
  END IF;
  IF NEW.resolved_at IS NOT NULL THEN
    -- Nothing is known to have cured it.
    NEW.resolution_method := coalesce(NEW.resolution_method, 'cleared');
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER external_finding BEFORE INSERT ON bot_findings FOR EACH ROW
  WHEN (NEW.fingerprint IS NULL) EXECUTE FUNCTION engine.external_finding();
CREATE TRIGGER external_finding_resolved BEFORE UPDATE OF resolved_at ON bot_findings FOR EACH ROW
  WHEN (NEW.check_name = 'external' AND NEW.resolved_at IS NOT NULL AND NEW.resolution_method IS NULL)
  EXECUTE FUNCTION engine.external_finding();

-- The platform's action counts as a finished heal of one step, without an entry. `success` says that it worked, not that it
-- held; how to undo it is not known. Its fingerprint is its own, or that of an external finding, and never that of a finding
-- of the engine: its outcome would be counted there, and a relapse would change the platform's row.
CREATE FUNCTION engine.external_action() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.heal_id := NEW.id;
    NEW.fingerprint := 'external-' || coalesce(NEW.finding_id, NEW.id);
    NEW.remedy := NEW.action_type;
    NEW.risk := 'irreversible';
    NEW.idempotency_key := 'external-' || NEW.id;
  END IF;
  NEW.state := CASE WHEN NEW.success THEN 'verified' ELSE 'failed' END;
  NEW.applied_at := CASE WHEN NEW.success THEN coalesce(NEW.taken_at, engine.now()) END;
  RETURN NEW;
END
$$;
CREATE TRIGGER external_action BEFORE INSERT ON bot_actions FOR EACH ROW
  WHEN (NEW.heal_id IS NULL AND NEW.state IS NULL) EXECUTE FUNCTION engine.external_action();
CREATE TRIGGER external_action_changed BEFORE UPDATE OF success ON bot_actions FOR EACH ROW
  WHEN (NEW.fingerprint LIKE 'external-%' AND NEW.success IS DISTINCT FROM OLD.success AND NEW.state = OLD.state)
  EXECUTE FUNCTION engine.external_action();

-- The ticket gets its finding's fingerprint, so that the engine opens no second one; if that problem has a pending ticket,
-- it gets a fingerprint of its own. Its severity sets the response target.
CREATE FUNCTION engine.external_ticket() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
  IF NEW.assigned_to IS NOT NULL AND NEW.status = 'open' THEN
    NEW.status := 'assigned';
  ELSIF NEW.assigned_to IS NULL AND NEW.status = 'assigned' THEN
    NEW.status := 'open';
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
      THEN coalesce(NEW.created_at, engine.now()) + engine.respond_within(NEW.severity) END);
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER external_ticket BEFORE INSERT ON bot_tickets FOR EACH ROW
  WHEN (NEW.fingerprint IS NULL) EXECUTE FUNCTION engine.external_ticket();
-- The same on update, for status and assigned_to: only these two columns of the documented schema say later who has the
-- ticket, and that it has ended.
CREATE TRIGGER external_ticket_changed BEFORE UPDATE OF status, assigned_to ON bot_tickets FOR EACH ROW
  WHEN (NEW.status = 'open' AND NEW.assigned_to IS NOT NULL OR NEW.status = 'assigned' AND NEW.assigned_to IS NULL
        OR NEW.status IN ('resolved', 'closed') AND NEW.resolved_at IS NULL
        OR NEW.status = 'resolved' AND NEW.resolution_notes IS NULL)
  EXECUTE FUNCTION engine.external_ticket();

CREATE FUNCTION engine.external_knowledge() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.name := 'external-' || NEW.id;
  RETURN NEW;
END
$$;
CREATE TRIGGER external_knowledge BEFORE INSERT ON bot_knowledge FOR EACH ROW
  WHEN (NEW.name IS NULL) EXECUTE FUNCTION engine.external_knowledge();

-- Trigger functions: no role calls them.
REVOKE ALL ON FUNCTION engine.external_run(), engine.external_run_left(), engine.external_finding(), engine.external_action(), engine.external_ticket(),
  engine.external_knowledge() FROM PUBLIC;

-- As before (v8_20_plans.sql), but runs of the platform's own code do not count as an overlap.
-- p_times and `wanted`: v6_90_claim.sql.
CREATE OR REPLACE FUNCTION engine.claim(p_cutoff timestamptz, p_limit int, p_times jsonb)
RETURNS jsonb LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
  -- A slot this late was not missed yet, whatever the grace: a tick always comes a little later.
  punctual CONSTANT interval := '60 seconds';
  v_cutoff timestamptz := coalesce(p_cutoff, engine.now());
  v_bots uuid[];
  v_wanted jsonb;
  v_result jsonb;
BEGIN
  -- Most ticks find nothing due, and leave at this one look at the index.
  IF NOT EXISTS (SELECT FROM public.bots b WHERE b.status = 'active' AND b.checked_version = b.definition_version
                   AND b.next_execution_at <= v_cutoff) THEN
    RETURN jsonb_build_object('cutoff', v_cutoff, 'queued', '[]'::jsonb, 'skipped', 0, 'wanted', '[]'::jsonb);
  END IF;

  EXECUTE $lock$
  SELECT array_agg(due.id) FROM (
    SELECT b.id
    FROM public.bots b
    JOIN jsonb_to_recordset($1) AS t (cron text, zone text, slot timestamptz, since timestamptz,
      next timestamptz, future timestamptz)
      ON t.cron = b.schedule_cron AND t.zone = b.timezone AND t.slot = b.next_slot_at
        AND t.since IS NOT DISTINCT FROM CASE WHEN b.planned_from > b.next_slot_at THEN b.planned_from END
    WHERE b.status = 'active' AND b.checked_version = b.definition_version
      AND b.next_slot_at IS NOT NULL AND b.next_execution_at <= $2 AND coalesce(t.future, t.next) > $2
    -- Locks bots, those that have been due longest first; rows that others hold are skipped.
    ORDER BY b.next_execution_at
    LIMIT $3
    FOR NO KEY UPDATE OF b SKIP LOCKED
  ) due
  $lock$ INTO v_bots USING p_times, v_cutoff, p_limit;

  EXECUTE $claim$
  WITH times AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($1) AS t (cron text, zone text, slot timestamptz, since timestamptz,
      next timestamptz, after timestamptz, slots timestamptz[], count int, future timestamptz)
  ), due AS (
    SELECT b.*, coalesce(t.future, t.next) AS following, t.after - coalesce(t.future, t.next) AS distance,
           coalesce(t.slots, ARRAY[t.slot]) AS slots, coalesce(t.count, 1) AS slot_count,
           open.total AS open_total, open.queued AS open_queued
    FROM public.bots b
    JOIN times t ON t.cron = b.schedule_cron AND t.zone = b.timezone AND t.slot = b.next_slot_at
      AND t.since IS NOT DISTINCT FROM CASE WHEN b.planned_from > b.next_slot_at THEN b.planned_from END
    CROSS JOIN LATERAL (
      SELECT count(*) AS total, count(*) FILTER (WHERE e.status = 'queued') AS queued
      FROM public.bot_executions e
      -- A backfill waits for places; it takes none from the slots that come meanwhile.
      WHERE e.bot_id = b.id AND e.status IN ('queued', 'running') AND e.trigger NOT IN ('verify', 'backfill', 'external')
    ) open
    WHERE b.id = ANY ($3)
  ), counted AS (
    -- How many of the newest slots are run; those before them were missed.
    SELECT due.*, CASE
        WHEN catch_up = 'all' THEN least(catch_up_limit, slot_count)
        WHEN $2 - CASE WHEN slot_count = 1 THEN next_execution_at ELSE slots[cardinality(slots)] END
             <= CASE catch_up WHEN 'skip' THEN $4 ELSE greatest($4, make_interval(secs => grace_seconds)) END THEN 1
        ELSE 0
      END AS run_count
    FROM due
  ), missed AS (
    INSERT INTO public.bot_executions (bot_id, status, started_at, completed_at, scheduled_for, trigger,
                                       max_attempts, queued_at, reason, metadata)
    SELECT id, 'skipped', $2, $2, next_slot_at, 'schedule', max_attempts, engine.now(), 'missed',
           jsonb_build_object('count', slot_count - run_count, 'last', slots[cardinality(slots) - run_count])
    FROM counted WHERE slot_count > run_count
    ON CONFLICT (bot_id, scheduled_for) WHERE scheduled_for IS NOT NULL DO NOTHING
    RETURNING 1
  ), runs AS (
    SELECT c.id AS bot_id, c.priority, c.max_attempts, s.slot,
           -- Caught-up slots of `all` wait for each other; any other slot meets the overlap rule.
           NOT (c.catch_up = 'all' AND c.slot_count > 1) AND c.open_total >= c.concurrency
             AND (c.overlap = 'skip' OR c.open_queued > 0) AS is_overlap
    FROM counted c
    CROSS JOIN LATERAL unnest(c.slots[cardinality(c.slots) - c.run_count + 1 :]) AS s (slot)
  ), inserted AS (
    INSERT INTO public.bot_executions (bot_id, status, started_at, completed_at, scheduled_for, trigger,
                                       generation, max_attempts, queued_at, reason)
    SELECT bot_id, CASE WHEN is_overlap THEN 'skipped' ELSE 'queued' END, $2,
           CASE WHEN is_overlap THEN $2 END, slot, 'schedule',
           CASE WHEN is_overlap THEN 0 ELSE 1 END, max_attempts, engine.now(),
           CASE WHEN is_overlap THEN 'overlap' END
    FROM runs ORDER BY slot
    ON CONFLICT (bot_id, scheduled_for) WHERE scheduled_for IS NOT NULL DO NOTHING
    RETURNING id, bot_id, status, generation, scheduled_for
  ), moved AS (
    UPDATE public.bots b
    SET next_slot_at = c.following,
        next_execution_at = c.following + make_interval(secs => engine.jitter_ms(b.id, c.following,
          b.jitter_seconds, (extract(epoch FROM c.distance) * 1000)::bigint) / 1000.0)
    FROM counted c WHERE b.id = c.id
  )
  SELECT jsonb_build_object(
    'cutoff', $2,
    'skipped', (SELECT count(*) FROM missed) + (SELECT count(*) FROM inserted WHERE status = 'skipped'),
    'queued', coalesce((
      SELECT jsonb_agg(jsonb_build_object('id', i.id, 'bot_id', i.bot_id, 'generation', i.generation,
                                          'priority', r.priority) ORDER BY i.scheduled_for)
      FROM inserted i JOIN runs r ON r.bot_id = i.bot_id AND r.slot = i.scheduled_for
      WHERE i.status = 'queued'), '[]'))
  $claim$ INTO v_result USING p_times, v_cutoff, v_bots, punctual;

  EXECUTE $wanted$
  SELECT coalesce(jsonb_agg(w), '[]') FROM (
    SELECT DISTINCT b.schedule_cron AS cron, b.timezone AS zone, b.next_slot_at AS slot,
                    CASE WHEN b.planned_from > b.next_slot_at THEN b.planned_from END AS since
    FROM public.bots b
    WHERE b.status = 'active' AND b.checked_version = b.definition_version AND b.next_execution_at <= $2
      AND b.next_slot_at IS NOT NULL
      AND NOT EXISTS (
        SELECT FROM jsonb_to_recordset($1) AS t (cron text, zone text, slot timestamptz, since timestamptz,
          next timestamptz, future timestamptz)
        WHERE t.cron = b.schedule_cron AND t.zone = b.timezone AND t.slot = b.next_slot_at
          AND t.since IS NOT DISTINCT FROM CASE WHEN b.planned_from > b.next_slot_at THEN b.planned_from END
          AND coalesce(t.future, t.next) > $2)
    LIMIT 5000
  ) w
  $wanted$ INTO v_wanted USING p_times, v_cutoff;

  RETURN v_result || jsonb_build_object('wanted', v_wanted);
END
$$;

-- As before (v8_20_plans.sql), but runs of the platform's own code do not take a place of the bot.
-- IS NOT DISTINCT FROM 'queued', and not =, keeps the planner from reading all queued rows instead of the rows of p_ids
-- (v6_91_start.sql).
CREATE OR REPLACE FUNCTION engine.start_runs(p_ids uuid[], p_generations int[], p_worker text, p_lease interval)
RETURNS TABLE (id uuid, fence bigint, attempt int, max_attempts int, trigger text, started_at timestamptz,
               bot_id uuid, name text, api_endpoint text, config jsonb, timeout_seconds int, leftovers boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  v_bots uuid[];
BEGIN
  -- Locks bot_executions by id, then bots by id.
  SELECT array_agg(l.bot_id) INTO v_bots FROM (
    SELECT e.bot_id FROM unnest(p_ids, p_generations) AS a (id, generation)
    JOIN public.bot_executions e ON e.id = a.id AND e.generation = a.generation
    WHERE e.status IS NOT DISTINCT FROM 'queued'
    ORDER BY e.id FOR NO KEY UPDATE OF e) l;
  PERFORM FROM public.bots b WHERE b.id = ANY (v_bots) ORDER BY b.id FOR NO KEY UPDATE OF b;

  RETURN QUERY
  WITH entries AS (
    SELECT e.id, e.bot_id, e.generation, row_number() OVER (PARTITION BY e.bot_id ORDER BY a.position) AS place
    FROM unnest(p_ids, p_generations) WITH ORDINALITY AS a (id, generation, position)
    JOIN public.bot_executions e ON e.id = a.id AND e.generation = a.generation
    WHERE e.status IS NOT DISTINCT FROM 'queued' AND coalesce(e.run_after <= engine.now(), true)
      AND e.cancel_requested_at IS NULL
      -- A request to cancel that came while the row was locked, as by a start that found no place.
      AND NOT EXISTS (SELECT FROM engine.cancellations c WHERE c.execution_id = e.id)
  )
  UPDATE public.bot_executions e
  SET status = 'running', attempt = e.attempt + 1, fence = nextval('engine.fence'),
      lease_until = engine.now() + p_lease, worker = p_worker, started_at = engine.now(),
      run_after = NULL, reason = NULL, error_message = NULL
  FROM entries JOIN public.bots b ON b.id = entries.bot_id
  WHERE e.id = entries.id AND e.generation = entries.generation AND e.status IS NOT DISTINCT FROM 'queued'
    AND coalesce(e.run_after <= engine.now(), true) AND e.cancel_requested_at IS NULL
    AND entries.place + (SELECT count(*) FROM public.bot_executions r
                         WHERE r.bot_id = b.id AND r.status = 'running' AND r.trigger <> 'external') <= b.concurrency
  RETURNING e.id, e.fence, e.attempt, e.max_attempts, e.trigger, e.started_at,
            b.id, b.name::text, b.api_endpoint::text, b.config, b.timeout_seconds,
            EXISTS (SELECT FROM public.bot_actions a
                    WHERE a.bot_id = b.id AND a.undo_requested_at IS NOT NULL AND a.state <> 'undone')
              OR EXISTS (SELECT FROM public.bot_actions a
                         WHERE a.bot_id = b.id AND a.state = 'intent' AND a.evidence ? 'begun');
END
$$;
