ALTER TABLE bot_knowledge
  ADD COLUMN name text UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9.-]{0,99}$'),
  ADD COLUMN enabled boolean NOT NULL DEFAULT true,
  ADD COLUMN autonomy text NOT NULL DEFAULT 'shadow' CHECK (autonomy IN ('shadow', 'suggest', 'auto')),
  ADD COLUMN half_life_days int NOT NULL DEFAULT 90 CHECK (half_life_days >= 1),
  -- outcomes came in that its autonomy has not been judged by
  ADD COLUMN unjudged boolean NOT NULL DEFAULT false,
  ADD CONSTRAINT bot_knowledge_pattern_check CHECK (length(issue_pattern) BETWEEN 3 AND 512);

-- Entries that were there before: nobody has named them. They begin in shadow: they say what they would do.
ALTER TABLE bot_knowledge ALTER COLUMN name TYPE text USING 'adopted-' || id;
ALTER TABLE bot_knowledge ALTER COLUMN name SET NOT NULL;

-- Fires for the entry's content, not for the cache of its outcomes. A platform that applied the documented pattern by hand
-- has one of that name already.
DROP TRIGGER IF EXISTS update_bot_knowledge_updated_at ON bot_knowledge;
CREATE TRIGGER update_bot_knowledge_updated_at
  BEFORE UPDATE OF name, category, issue_pattern, solution, enabled, autonomy, half_life_days ON bot_knowledge
  FOR EACH ROW EXECUTE FUNCTION update_updated_at();

CREATE INDEX idx_knowledge_unjudged ON bot_knowledge (id) WHERE unjudged;

CREATE TABLE bot_knowledge_autonomy (
  knowledge_id uuid NOT NULL REFERENCES bot_knowledge(id) ON DELETE CASCADE,
  component text NOT NULL,
  autonomy text NOT NULL CHECK (autonomy IN ('shadow', 'suggest', 'auto')),
  changed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (knowledge_id, component)
);
ALTER TABLE bot_knowledge_autonomy ENABLE ROW LEVEL SECURITY;

CREATE TABLE bot_knowledge_events (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  knowledge_id uuid NOT NULL REFERENCES bot_knowledge(id) ON DELETE CASCADE,
  event text NOT NULL,
  component text,
  before jsonb,
  after jsonb,
  figures jsonb NOT NULL DEFAULT '{}',
  actor text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_knowledge_events ON bot_knowledge_events (knowledge_id, id);
ALTER TABLE bot_knowledge_events ENABLE ROW LEVEL SECURITY;

CREATE TABLE bot_decisions (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  bot_id uuid NOT NULL REFERENCES bots(id) ON DELETE CASCADE,
  finding_id uuid REFERENCES bot_findings(id) ON DELETE SET NULL,
  knowledge_id uuid REFERENCES bot_knowledge(id) ON DELETE CASCADE,
  execution_id uuid REFERENCES bot_executions(id) ON DELETE SET NULL,
  fingerprint text NOT NULL,
  component text,
  category text,
  verdict text NOT NULL CHECK (verdict IN ('applied', 'suggested', 'shadowed', 'blocked', 'held_out')),
  gate text,
  figures jsonb NOT NULL DEFAULT '{}',
  answer text CHECK (answer IN ('approved', 'rejected')),
  answered_by text,
  answered_at timestamptz,
  -- What became of a finding that the entry left alone; NULL where an earlier decision about the same
  -- finding says it. touched: somebody cured it after all, which tells nothing about recovering alone.
  outcome text CHECK (outcome IN ('pending', 'recovered', 'persisted', 'touched')),
  -- it was clean at the next run; recovered, if it still is after this
  hold_until timestamptz,
  settled_at timestamptz,
  decided_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT bot_decisions_gate_check CHECK ((verdict = 'blocked') <= (gate IS NOT NULL)),
  CONSTRAINT bot_decisions_untouched_check CHECK (verdict <> 'applied' OR outcome IS NULL),
  CONSTRAINT bot_decisions_answered_check CHECK
    ((answer IS NULL) = (answered_by IS NULL) AND (answer IS NULL) = (answered_at IS NULL))
);
CREATE INDEX idx_decisions_pending ON bot_decisions (fingerprint) WHERE outcome = 'pending';
CREATE INDEX idx_decisions_hold ON bot_decisions (hold_until) WHERE outcome = 'pending' AND hold_until IS NOT NULL;
CREATE INDEX idx_decisions_recovery ON bot_decisions (knowledge_id, settled_at DESC)
  WHERE outcome IN ('recovered', 'persisted');
CREATE INDEX idx_decisions_fingerprint ON bot_decisions (fingerprint, id DESC);
CREATE INDEX idx_decisions_knowledge ON bot_decisions (knowledge_id, id DESC);
CREATE INDEX idx_decisions_bot ON bot_decisions (bot_id);
CREATE INDEX idx_decisions_finding ON bot_decisions (finding_id);
CREATE INDEX idx_decisions_execution ON bot_decisions (execution_id);
ALTER TABLE bot_decisions ENABLE ROW LEVEL SECURITY;

-- Every heal of an entry with what came of it: a heal's outcome is that of its last step. Undone counts as
-- relapsed; where the outcome is NULL nothing is decided, or nothing can be: unknown and aborted.
CREATE VIEW engine.heals AS
SELECT a.heal_id, a.knowledge_id, a.bot_id, a.finding_id, a.fingerprint, a.component, a.category, a.state,
       CASE a.state WHEN 'held' THEN 'held' WHEN 'relapsed' THEN 'relapsed' WHEN 'undone' THEN 'relapsed'
                    WHEN 'failed' THEN 'failed' END AS outcome,
       coalesce(a.settled_at, a.taken_at) AS settled_at
FROM public.bot_actions a
WHERE a.knowledge_id IS NOT NULL
  AND NOT EXISTS (SELECT FROM public.bot_actions l WHERE l.heal_id = a.heal_id AND l.step > a.step);

-- What the three documented columns of these entries ought to say, by the ledger.
CREATE FUNCTION engine.counted(p_ids uuid[])
RETURNS TABLE (knowledge_id uuid, times_applied int, times_successful int, success_rate numeric)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT k.id,
         (SELECT count(DISTINCT a.heal_id)::int FROM public.bot_actions a
          WHERE a.knowledge_id = k.id AND a.applied_at IS NOT NULL),
         h.held, coalesce(round(100.0 * h.held / nullif(h.decided, 0), 2), 0)
  FROM public.bot_knowledge k
  CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE e.outcome = 'held')::int AS held, count(e.outcome)::int AS decided
    FROM engine.heals e WHERE e.knowledge_id = k.id) h
  WHERE k.id = ANY (p_ids)
$$;

-- The cache is kept by the ledger's own transaction, whoever writes it. The entries are locked first, in the
-- order of their ids, and counted by a second statement, which sees what others have committed by then.
CREATE FUNCTION engine.count_outcomes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  ids uuid[];
BEGIN
  IF TG_OP = 'INSERT' THEN
    -- An intent counts for nothing, but behind it the step before is not the last any more.
    SELECT array_agg(DISTINCT n.knowledge_id) INTO ids FROM written n
    WHERE n.knowledge_id IS NOT NULL AND (n.step > 0 OR n.state <> 'intent');
  ELSE
    SELECT array_agg(DISTINCT n.knowledge_id) INTO ids FROM written n JOIN replaced o USING (id)
    WHERE n.knowledge_id IS NOT NULL AND n.state IS DISTINCT FROM o.state;
  END IF;
  IF ids IS NULL THEN
    RETURN NULL;
  END IF;
  PERFORM FROM public.bot_knowledge k WHERE k.id = ANY (ids) ORDER BY k.id FOR NO KEY UPDATE;
  UPDATE public.bot_knowledge k
  SET times_applied = c.times_applied, times_successful = c.times_successful, success_rate = c.success_rate,
      unjudged = true
  FROM engine.counted(ids) c WHERE k.id = c.knowledge_id;
  RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION engine.count_outcomes() FROM PUBLIC;

CREATE TRIGGER count_new_outcomes AFTER INSERT ON bot_actions
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION engine.count_outcomes();
CREATE TRIGGER count_outcomes AFTER UPDATE ON bot_actions
  REFERENCING OLD TABLE AS replaced NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION engine.count_outcomes();

-- What untouched findings did weighs on the same judgement.
CREATE FUNCTION engine.decisions_settled() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  ids uuid[];
BEGIN
  SELECT array_agg(DISTINCT n.knowledge_id) INTO ids FROM written n JOIN replaced o USING (id)
  WHERE n.outcome IS DISTINCT FROM o.outcome OR n.answer IS DISTINCT FROM o.answer;
  IF ids IS NOT NULL THEN
    PERFORM FROM public.bot_knowledge k WHERE k.id = ANY (ids) ORDER BY k.id FOR NO KEY UPDATE;
    UPDATE public.bot_knowledge k SET unjudged = true WHERE k.id = ANY (ids) AND NOT k.unjudged;
  END IF;
  RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION engine.decisions_settled() FROM PUBLIC;

CREATE TRIGGER decisions_settled AFTER UPDATE ON bot_decisions
  REFERENCING OLD TABLE AS replaced NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION engine.decisions_settled();

-- Each process keeps an index of all patterns: this number says whether it is still the table. It grows in
-- the edit's own transaction, so that nobody sees one without the other. (updated_at would not do: it is
-- the time at which a transaction began, and a later one may have committed before.)
INSERT INTO engine.settings (key, value) VALUES ('knowledge_version', '0');

CREATE FUNCTION engine.knowledge_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE engine.settings SET value = to_jsonb((value #>> '{}')::bigint + 1) WHERE key = 'knowledge_version';
  RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION engine.knowledge_changed() FROM PUBLIC;

CREATE TRIGGER knowledge_changed
  AFTER INSERT OR DELETE OR TRUNCATE OR UPDATE OF issue_pattern ON bot_knowledge
  FOR EACH STATEMENT EXECUTE FUNCTION engine.knowledge_changed();
