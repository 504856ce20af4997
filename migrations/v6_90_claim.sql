-- Returns a delay in milliseconds. For one bot and slot it is the same in every process. It is below the jitter_seconds
-- of the bot and below half of the interval, so that a slot never overtakes another one.
CREATE FUNCTION engine.jitter_ms(bot_id uuid, slot timestamptz, jitter_seconds int, interval_ms bigint)
RETURNS bigint LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- Asked for each bot that is claimed, and most have none.
  IF jitter_seconds = 0 THEN
    RETURN 0;
  END IF;
  RETURN ('x' || substr(md5(bot_id::text || '@' || extract(epoch FROM slot)::bigint::text), 1, 8))::bit(32)::bigint
         % greatest(1, least(jitter_seconds * 1000::bigint, interval_ms / 2));
END
$$;

-- Claims due bots: one transaction gives each of them a row in bot_executions and its next slot.
--
-- PostgreSQL cannot read cron, but the scheduler can: p_times contains, for each (cron, zone, slot), the slots that
-- follow:
--   [{cron, zone, slot, since,                  `since` only if the schedule was edited after `slot`: then
--                                               the slots after `since` follow `slot`
--     next,                                     the first slot after `slot`
--     after,                                    the slot after the one that the bot will be given
--     slots, count, future}]                    only if `next` is past, too: the newest slots up to the
--                                               cutoff, oldest first (at most 101); how many there were
--                                               from `slot` on; and the first one after the cutoff
-- Due bots whose entry in p_times is missing or too old do not count towards the limit: `wanted` lists the entries they
-- need.
-- Returns {cutoff, queued: [{id, bot_id, generation, priority}], skipped, wanted: [{cron, zone, slot, since}]}.
--
-- It takes two statements, so that the snapshot of the second one is taken after the bots are locked. In a single
-- statement the search for open runs would use an older snapshot, and a bot could get two runs.
-- NO KEY UPDATE: FOR UPDATE would also skip bots to which another transaction is adding findings.
CREATE FUNCTION engine.claim(p_cutoff timestamptz, p_limit int, p_times jsonb)
RETURNS jsonb LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
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

  SELECT array_agg(due.id) INTO v_bots FROM (
    SELECT b.id
    FROM public.bots b
    JOIN jsonb_to_recordset(p_times) AS t (cron text, zone text, slot timestamptz, since timestamptz,
      next timestamptz, future timestamptz)
      ON t.cron = b.schedule_cron AND t.zone = b.timezone AND t.slot = b.next_slot_at
        AND t.since IS NOT DISTINCT FROM CASE WHEN b.planned_from > b.next_slot_at THEN b.planned_from END
    WHERE b.status = 'active' AND b.checked_version = b.definition_version
      AND b.next_slot_at IS NOT NULL AND b.next_execution_at <= v_cutoff AND coalesce(t.future, t.next) > v_cutoff
    ORDER BY b.next_execution_at
    LIMIT p_limit
    FOR NO KEY UPDATE OF b SKIP LOCKED
  ) due;

  WITH times AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(p_times) AS t (cron text, zone text, slot timestamptz, since timestamptz,
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
    WHERE b.id = ANY (v_bots)
  ), counted AS (
    -- How many of the newest slots are run; those before them were missed.
    SELECT due.*, CASE
        WHEN catch_up = 'all' THEN least(catch_up_limit, slot_count)
        WHEN v_cutoff - CASE WHEN slot_count = 1 THEN next_execution_at ELSE slots[cardinality(slots)] END
             <= CASE catch_up WHEN 'skip' THEN punctual ELSE greatest(punctual, make_interval(secs => grace_seconds)) END THEN 1
        ELSE 0
      END AS run_count
    FROM due
  ), missed AS (
    INSERT INTO public.bot_executions (bot_id, status, started_at, completed_at, scheduled_for, trigger,
                                       max_attempts, queued_at, reason, metadata)
    SELECT id, 'skipped', v_cutoff, v_cutoff, next_slot_at, 'schedule', max_attempts, v_cutoff, 'missed',
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
    SELECT bot_id, CASE WHEN is_overlap THEN 'skipped' ELSE 'queued' END, v_cutoff,
           CASE WHEN is_overlap THEN v_cutoff END, slot, 'schedule',
           CASE WHEN is_overlap THEN 0 ELSE 1 END, max_attempts, v_cutoff,
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
    'cutoff', v_cutoff,
    'skipped', (SELECT count(*) FROM missed) + (SELECT count(*) FROM inserted WHERE status = 'skipped'),
    'queued', coalesce((
      SELECT jsonb_agg(jsonb_build_object('id', i.id, 'bot_id', i.bot_id, 'generation', i.generation,
                                          'priority', r.priority) ORDER BY i.scheduled_for)
      FROM inserted i JOIN runs r ON r.bot_id = i.bot_id AND r.slot = i.scheduled_for
      WHERE i.status = 'queued'), '[]'))
  INTO v_result;

  SELECT coalesce(jsonb_agg(w), '[]') INTO v_wanted FROM (
    SELECT DISTINCT b.schedule_cron AS cron, b.timezone AS zone, b.next_slot_at AS slot,
                    CASE WHEN b.planned_from > b.next_slot_at THEN b.planned_from END AS since
    FROM public.bots b
    WHERE b.status = 'active' AND b.checked_version = b.definition_version AND b.next_execution_at <= v_cutoff
      AND b.next_slot_at IS NOT NULL
      AND NOT EXISTS (
        SELECT FROM jsonb_to_recordset(p_times) AS t (cron text, zone text, slot timestamptz, since timestamptz,
          next timestamptz, future timestamptz)
        WHERE t.cron = b.schedule_cron AND t.zone = b.timezone AND t.slot = b.next_slot_at
          AND t.since IS NOT DISTINCT FROM CASE WHEN b.planned_from > b.next_slot_at THEN b.planned_from END
          AND coalesce(t.future, t.next) > v_cutoff)
    LIMIT 5000
  ) w;

  RETURN v_result || jsonb_build_object('wanted', v_wanted);
END
$$;
REVOKE EXECUTE ON FUNCTION engine.claim(timestamptz, int, jsonb) FROM PUBLIC;
