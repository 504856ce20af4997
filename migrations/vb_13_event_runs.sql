-- Runs with the trigger `event` read what a source has sent.
ALTER TABLE bot_executions
  DROP CONSTRAINT bot_executions_trigger_check,
  ADD CONSTRAINT bot_executions_trigger_check CHECK
    (trigger IN ('schedule', 'manual', 'backfill', 'verify', 'external', 'event')),
  DROP CONSTRAINT bot_executions_slot_check,
  ADD CONSTRAINT bot_executions_slot_check CHECK
    ((scheduled_for IS NULL) = (trigger IN ('manual', 'verify', 'external', 'event')));

-- As before (v9_96_claim.sql), but a run of what arrived is no overlap for a slot: the slot's run waits for it.
CREATE OR REPLACE FUNCTION engine.claim(p_cutoff timestamptz, p_limit int, p_times jsonb)
RETURNS jsonb LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
  -- A slot this late was not missed yet, whatever the grace: a tick always comes a little later.
  punctual CONSTANT interval := interval '60 seconds';
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
      -- Backfills and runs of what arrived wait for places; they take none from the slots that come meanwhile.
      WHERE e.bot_id = b.id AND e.status IN ('queued', 'running') AND e.trigger NOT IN ('verify', 'backfill', 'external', 'event')
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
  ), windows AS MATERIALIZED (
    -- The maintenance windows that skip runs, with what of their times lies between the first of these slots and now.
    SELECT m.id, m.bot_ids, m.created_at, near.times
    FROM (SELECT least(min(next_slot_at), $2) AS first FROM counted) due
    CROSS JOIN LATERAL (SELECT * FROM public.bot_maintenance w
                        WHERE w.skip_runs AND upper(w.occurrences) > due.first OFFSET 0) m
    CROSS JOIN LATERAL (SELECT m.occurrences * tstzmultirange(tstzrange(due.first, $2, '[]')) AS times OFFSET 0) near
    WHERE NOT isempty(near.times)
  ), of_all AS MATERIALIZED (
    SELECT array_agg(id ORDER BY created_at, id) AS ids, array_agg(times ORDER BY created_at, id) AS times
    FROM windows WHERE bot_ids IS NULL
  ), of_bots AS MATERIALIZED (
    SELECT b.id AS bot_id, array_agg(w.id ORDER BY created_at, w.id) AS ids,
           array_agg(times ORDER BY created_at, w.id) AS times
    FROM windows w CROSS JOIN LATERAL unnest(w.bot_ids) AS b (id) GROUP BY b.id
  ), runs AS (
    SELECT c.id AS bot_id, c.priority, c.max_attempts, s.slot, held.by AS maintenance,
           -- Caught-up slots of `all` wait for each other; any other slot meets the overlap rule.
           NOT (c.catch_up = 'all' AND c.slot_count > 1) AND c.open_total >= c.concurrency
             AND (c.overlap = 'skip' OR c.open_queued > 0) AS is_overlap
    FROM counted c
    LEFT JOIN of_bots o ON o.bot_id = c.id
    CROSS JOIN of_all a
    CROSS JOIN LATERAL unnest(c.slots[cardinality(c.slots) - c.run_count + 1 :]) AS s (slot)
    LEFT JOIN LATERAL (
      -- A slot in a window is skipped, also when it is claimed after it; and so is one whose run would begin in one.
      SELECT w.id AS by FROM unnest(o.ids || a.ids, o.times || a.times) AS w (id, times)
      WHERE w.times @> s.slot OR w.times @> $2 LIMIT 1
    ) held ON o.ids IS NOT NULL OR a.ids IS NOT NULL
  ), inserted AS (
    INSERT INTO public.bot_executions (bot_id, status, started_at, completed_at, scheduled_for, trigger,
                                       generation, max_attempts, queued_at, reason, metadata)
    SELECT bot_id, CASE WHEN is_skipped THEN 'skipped' ELSE 'queued' END, $2,
           CASE WHEN is_skipped THEN $2 END, slot, 'schedule',
           CASE WHEN is_skipped THEN 0 ELSE 1 END, max_attempts, engine.now(),
           CASE WHEN maintenance IS NOT NULL THEN 'maintenance' WHEN is_overlap THEN 'overlap' END,
           CASE WHEN maintenance IS NOT NULL THEN jsonb_build_object('maintenance', maintenance) END
    FROM runs CROSS JOIN LATERAL (SELECT is_overlap OR maintenance IS NOT NULL AS is_skipped) skip ORDER BY slot
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
