-- Query plans. A session keeps the plan of a statement in a function. A plan that was made while a table was empty reads
-- the whole table until autovacuum has analysed it: after up to a minute, in which 10,000 bots may have come due.
-- enable_seqscan = off is set for all functions that read tables, and for their foreign keys. They read by key, so that
-- a plan with an index is right whenever it was made. (plan_cache_mode = force_custom_plan would make a new plan for
-- each row that refers to a bot: a claim then took a fifth longer.)
-- Statements for which no single key determines what they read use EXECUTE, which makes a plan for each call.

-- As before (v6_90_claim.sql), except for its plans and for queued_at. queued_at is now when this batch was written, and
-- not the cutoff of the whole tick: in a late batch the cutoff is seconds ago, and rescue would regard runs as lost that
-- are just about to be queued.
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
      WHERE e.bot_id = b.id AND e.status IN ('queued', 'running') AND e.trigger NOT IN ('verify', 'backfill')
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

-- As before (v6_91_start.sql), but now the runs are locked, too, before their bots, as everywhere else. Otherwise the
-- update would lock them in any order, and could deadlock with transactions that queue many runs again. A request to
-- cancel one of them that came in the meantime is in engine.cancellations, and is also respected.
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
      -- Asked while the row was held, as by a start that found no place.
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
                         WHERE r.bot_id = b.id AND r.status = 'running') <= b.concurrency
  RETURNING e.id, e.fence, e.attempt, e.max_attempts, e.trigger, e.started_at,
            b.id, b.name::text, b.api_endpoint::text, b.config, b.timeout_seconds,
            EXISTS (SELECT FROM public.bot_actions a
                    WHERE a.bot_id = b.id AND a.undo_requested_at IS NOT NULL AND a.state <> 'undone')
              OR EXISTS (SELECT FROM public.bot_actions a
                         WHERE a.bot_id = b.id AND a.state = 'intent' AND a.evidence ? 'begun');
END
$$;

DO $$
DECLARE
  f regprocedure;
BEGIN
  FOREACH f IN ARRAY ARRAY[
    'engine.bot_edited()', 'engine.run_let_go()', 'engine.is_suppressed(uuid)', 'engine.waits_for_events(text, timestamptz)',
    'engine.counted(uuid[])', 'engine.count_outcomes()', 'engine.decisions_settled()', 'engine.knowledge_changed()',
    'engine.healing_limit(text)', 'engine.respond_within(text)', 'engine.keep_bot_history()', 'engine.keep_open_run()',
    'engine.keep_open_finding()', 'engine.book_credits(uuid, int, text, text, text, jsonb)', 'engine.book_payment()',
    'engine.guard_cached_credits()', 'engine.place_credits()', 'engine.refresh_cached_credits(uuid)', 'engine.refuse_change()',
    'engine.guard_project_tree()', 'engine.refresh_ranks(uuid)', 'engine.fit_member_limit()', 'engine.hold_member_limit()',
    'public.get_user_credits(uuid)']::regprocedure[] LOOP
    EXECUTE format('ALTER FUNCTION %s SET enable_seqscan = off', f);
  END LOOP;
END
$$;
