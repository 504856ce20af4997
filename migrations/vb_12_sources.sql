-- What other systems send to bots whose endpoint is in:<source>. A bot that has received something has a row of engine.sources; each delivery
-- is a row of engine.inbox, which the bot's check reads in the order of `number`.
CREATE UNIQUE INDEX IF NOT EXISTS idx_bots_source ON bots (api_endpoint) WHERE api_endpoint LIKE 'in:%' AND removed_at IS NULL;

CREATE TABLE engine.sources (
  bot_id uuid PRIMARY KEY REFERENCES bots (id) ON DELETE CASCADE,
  -- The number of the newest delivery. Whoever writes deliveries locks this row until the commit, so that numbers are in the order of
  -- commits: a reader that has read up to a number misses no smaller one.
  last_number bigint NOT NULL DEFAULT 0,
  -- when something arrived last, also if it had arrived before
  last_received_at timestamptz NOT NULL DEFAULT engine.now()
);

CREATE TABLE engine.inbox (
  bot_id uuid NOT NULL REFERENCES engine.sources (bot_id) ON DELETE CASCADE,
  number bigint NOT NULL,
  -- what the sender calls the delivery, or a hash of what it signed
  delivery_id text NOT NULL CHECK (length(delivery_id) BETWEEN 1 AND 300),
  received_at timestamptz NOT NULL DEFAULT engine.now(),
  -- when the sender says that it happened; NULL where it does not say
  sent_at timestamptz,
  -- the sender's word for the kind of event
  event text NOT NULL,
  -- the name of the secret with which it was proven
  secret text NOT NULL,
  -- what it says, in our words: a list, empty where it says nothing about an alarm
  alarms jsonb NOT NULL CHECK (jsonb_typeof(alarms) = 'array'),
  -- why its alarms are not read; NULL for those that are
  ignored text,
  PRIMARY KEY (bot_id, number),
  UNIQUE (bot_id, delivery_id)
);
CREATE INDEX idx_inbox_received ON engine.inbox (received_at);

-- Writes deliveries of any number of sources in one commit. p_deliveries is a list of
--   {bot_id, delivery_id, again_seconds, sent_at, event, secret, alarms, ignored}
-- and the answer has one word for each, in their order: new; twice, if the source has sent it before; gone, if there is no such bot.
-- A sender without ids of deliveries gives again_seconds: the same content is a delivery of its own when it comes that much later than the last
-- time, because no repetition after a failure takes so long. Its earlier row gets another id then.
CREATE FUNCTION engine.receive(p_deliveries jsonb) RETURNS text[]
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
  FROM jsonb_to_recordset(p_deliveries) AS d (bot_id uuid, delivery_id text, again_seconds int)
  WHERE d.again_seconds IS NOT NULL AND i.bot_id = d.bot_id AND i.delivery_id = d.delivery_id
    AND i.received_at <= engine.now() - make_interval(secs => d.again_seconds);

  WITH given AS MATERIALIZED (
    SELECT x.*, s.last_number, row_number() OVER (PARTITION BY x.bot_id, x.delivery_id ORDER BY x.n) AS copy
    FROM ROWS FROM (jsonb_to_recordset(p_deliveries) AS (bot_id uuid, delivery_id text, sent_at timestamptz, event text,
      secret text, alarms jsonb, ignored text)) WITH ORDINALITY AS x (bot_id, delivery_id, sent_at, event, secret, alarms, ignored, n)
    LEFT JOIN engine.sources s ON s.bot_id = x.bot_id
  ), fresh AS (
    SELECT g.*, g.last_number + row_number() OVER (PARTITION BY g.bot_id ORDER BY g.n) AS number
    FROM given g
    WHERE g.copy = 1 AND g.last_number IS NOT NULL
      AND NOT EXISTS (SELECT FROM engine.inbox i WHERE i.bot_id = g.bot_id AND i.delivery_id = g.delivery_id)
  ), written AS (
    INSERT INTO engine.inbox (bot_id, number, delivery_id, sent_at, event, secret, alarms, ignored)
    SELECT f.bot_id, f.number, f.delivery_id, f.sent_at, f.event, f.secret, f.alarms, f.ignored FROM fresh f ORDER BY f.bot_id, f.number
  ), counted AS (
    UPDATE engine.sources s SET last_number = greatest(s.last_number, c.newest), last_received_at = engine.now()
    FROM (SELECT g.bot_id, coalesce(max(f.number), 0) AS newest FROM given g LEFT JOIN fresh f ON f.bot_id = g.bot_id AND f.n = g.n
          GROUP BY g.bot_id) c
    WHERE s.bot_id = c.bot_id
  )
  SELECT array_agg(CASE WHEN g.last_number IS NULL THEN 'gone' WHEN f.n IS NULL THEN 'twice' ELSE 'new' END ORDER BY g.n)
  INTO v_answer
  FROM given g LEFT JOIN fresh f ON f.n = g.n;
  RETURN v_answer;
END
$$;
REVOKE EXECUTE ON FUNCTION engine.receive(jsonb) FROM PUBLIC, anon, authenticated;
GRANT EXECUTE ON FUNCTION engine.receive(jsonb) TO service_role;

REVOKE ALL ON engine.sources, engine.inbox FROM PUBLIC, anon, authenticated, service_role;
GRANT SELECT, INSERT, UPDATE, DELETE ON engine.sources, engine.inbox TO service_role;
SELECT engine.let_checks_read();
