-- An alarm may end although it is not known that its problem is gone: its sender no longer looks, or a person left it alone there.
ALTER TABLE bot_findings
  DROP CONSTRAINT bot_findings_resolution_check,
  ADD CONSTRAINT bot_findings_resolution_check CHECK
    (resolution_method IN ('auto-fixed', 'manual', 'escalated', 'cleared', 'unreported'));

-- As before (vb_12_sources.sql), but with again_overtaken the same content is also a delivery of its own where another state of one of its
-- alarms has arrived since: then it is no repetition, because that would be about the state before. Of the deliveries since, the
-- newest 5,000 are looked at.
-- What is new among the deliveries is marked where they are read: as a part of its own, joined to them, the planner took it for one row,
-- compared each delivery with each other one, and 10,000 in one call took longer than a statement may.
CREATE OR REPLACE FUNCTION engine.receive(p_deliveries jsonb) RETURNS text[]
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
  v_answer text[];
BEGIN
  INSERT INTO engine.sources (bot_id)
  SELECT b.id FROM public.bots b
  WHERE b.id IN (SELECT (d ->> 'bot_id')::uuid FROM jsonb_array_elements(p_deliveries) d)
  ORDER BY b.id
  ON CONFLICT (bot_id) DO NOTHING;

  -- Locks engine.sources by bot_id.
  PERFORM FROM engine.sources s
  WHERE s.bot_id IN (SELECT (d ->> 'bot_id')::uuid FROM jsonb_array_elements(p_deliveries) d)
  ORDER BY s.bot_id FOR NO KEY UPDATE;

  -- With the rows locked: the statements from here on see what earlier holders have committed.
  UPDATE engine.inbox i SET delivery_id = i.delivery_id || '/' || i.number
  FROM jsonb_to_recordset(p_deliveries) AS d (bot_id uuid, delivery_id text, again_seconds int, again_overtaken boolean)
  WHERE d.again_seconds IS NOT NULL AND i.bot_id = d.bot_id AND i.delivery_id = d.delivery_id
    AND (i.received_at <= engine.now() - make_interval(secs => d.again_seconds)
      OR d.again_overtaken AND EXISTS (
        SELECT FROM (SELECT l.alarms FROM engine.inbox l WHERE l.bot_id = i.bot_id AND l.number > i.number AND l.ignored IS NULL
                     ORDER BY l.number DESC LIMIT 5000) later,
                    jsonb_array_elements(later.alarms) l (alarm), jsonb_array_elements(i.alarms) a (alarm)
        WHERE l.alarm ->> 'key' = a.alarm ->> 'key' AND l.alarm ->> 'state' <> a.alarm ->> 'state'));

  WITH given AS MATERIALIZED (
    SELECT x.*, s.last_number,
           s.last_number IS NOT NULL AND known.number IS NULL
             AND row_number() OVER (PARTITION BY x.bot_id, x.delivery_id ORDER BY x.n) = 1 AS is_new
    FROM ROWS FROM (jsonb_to_recordset(p_deliveries) AS (bot_id uuid, delivery_id text, sent_at timestamptz, event text,
      secret text, alarms jsonb, ignored text)) WITH ORDINALITY AS x (bot_id, delivery_id, sent_at, event, secret, alarms, ignored, n)
    LEFT JOIN engine.sources s ON s.bot_id = x.bot_id
    -- LIMIT keeps this a look into the index for each delivery.
    LEFT JOIN LATERAL (SELECT i.number FROM engine.inbox i WHERE i.bot_id = x.bot_id AND i.delivery_id = x.delivery_id LIMIT 1) known ON true
  ), numbered AS MATERIALIZED (
    SELECT g.*, g.last_number + count(*) FILTER (WHERE g.is_new) OVER (PARTITION BY g.bot_id ORDER BY g.n) AS number FROM given g
  ), written AS (
    INSERT INTO engine.inbox (bot_id, number, delivery_id, sent_at, event, secret, alarms, ignored)
    SELECT f.bot_id, f.number, f.delivery_id, f.sent_at, f.event, f.secret, f.alarms, f.ignored
    FROM numbered f WHERE f.is_new ORDER BY f.bot_id, f.number
  ), counted AS (
    UPDATE engine.sources s SET last_number = greatest(s.last_number, c.newest), last_received_at = engine.now()
    FROM (SELECT bot_id, max(number) AS newest FROM numbered GROUP BY bot_id) c
    WHERE s.bot_id = c.bot_id
  )
  SELECT array_agg(CASE WHEN last_number IS NULL THEN 'gone' WHEN is_new THEN 'new' ELSE 'twice' END ORDER BY n)
  INTO v_answer
  FROM numbered;
  RETURN v_answer;
END
$$;
