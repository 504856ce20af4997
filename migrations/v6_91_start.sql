-- Starts in one transaction those of the runs that may start: from queued to running, with an attempt, a new fence and a
-- lease. Returns only these. p_ids and p_generations are the entries of the queue, in the order in which they were
-- taken. Bots are locked in the order of their ids, so that two batches cannot deadlock. If a bot has several runs in
-- the batch, the first ones get its free places.
-- It takes two statements (see engine.claim): the running runs of a bot are counted after the bot is locked, so that two
-- workers cannot both take its last place.
-- leftovers: the bot has effects that must be undone, or effects outside of the database that were begun and have no
-- record.
-- IS NOT DISTINCT FROM keeps the planner from reading all queued runs: with statistics from a time when few runs were
-- queued, it would expect the index of queued runs to be faster than a search for each id.
CREATE FUNCTION engine.start_runs(p_ids uuid[], p_generations int[], p_worker text, p_lease interval)
RETURNS TABLE (id uuid, fence bigint, attempt int, max_attempts int, trigger text, started_at timestamptz,
               bot_id uuid, name text, api_endpoint text, config jsonb, timeout_seconds int, leftovers boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
  PERFORM FROM public.bots b
  WHERE b.id IN (
    SELECT e.bot_id FROM unnest(p_ids, p_generations) AS a (id, generation)
    JOIN public.bot_executions e ON e.id = a.id AND e.generation = a.generation
    WHERE e.status IS NOT DISTINCT FROM 'queued')
  ORDER BY b.id
  FOR NO KEY UPDATE OF b;

  RETURN QUERY
  WITH entries AS (
    SELECT e.id, e.bot_id, e.generation, row_number() OVER (PARTITION BY e.bot_id ORDER BY a.position) AS place
    FROM unnest(p_ids, p_generations) WITH ORDINALITY AS a (id, generation, position)
    JOIN public.bot_executions e ON e.id = a.id AND e.generation = a.generation
    WHERE e.status IS NOT DISTINCT FROM 'queued' AND coalesce(e.run_after <= engine.now(), true)
      AND e.cancel_requested_at IS NULL
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
REVOKE EXECUTE ON FUNCTION engine.start_runs(uuid[], int[], text, interval) FROM PUBLIC;
