-- Starts a run: queued -> running, with an attempt, a new fence and a lease. No row back: it is not ours.
-- Two statements on purpose (see engine.claim): the bot's running rows are counted after its row is locked,
-- so that two workers cannot both take the last place.
CREATE FUNCTION engine.start_run(p_id uuid, p_generation int, p_worker text, p_lease interval)
RETURNS SETOF public.bot_executions LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  v_bot uuid;
  v_concurrency int;
BEGIN
  SELECT b.id, b.concurrency INTO v_bot, v_concurrency
  FROM public.bots b JOIN public.bot_executions e ON e.bot_id = b.id
  WHERE e.id = p_id AND e.generation = p_generation AND e.status = 'queued'
  FOR NO KEY UPDATE OF b;
  IF NOT FOUND THEN RETURN; END IF;

  RETURN QUERY
  UPDATE public.bot_executions e
  SET status = 'running', attempt = e.attempt + 1, fence = nextval('engine.fence'),
      lease_until = engine.now() + p_lease, worker = p_worker, started_at = engine.now(),
      run_after = NULL, reason = NULL, error_message = NULL
  WHERE e.id = p_id AND e.generation = p_generation AND e.status = 'queued'
    AND coalesce(e.run_after <= engine.now(), true) AND e.cancel_requested_at IS NULL
    AND (SELECT count(*) FROM public.bot_executions r
         WHERE r.bot_id = v_bot AND r.status = 'running') < v_concurrency
  RETURNING e.*;
END
$$;
REVOKE EXECUTE ON FUNCTION engine.start_run(uuid, int, text, interval) FROM PUBLIC;
