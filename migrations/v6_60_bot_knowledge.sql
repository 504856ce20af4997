ALTER TABLE bot_knowledge
  ADD COLUMN name text UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9.-]{0,99}$'),
  ADD COLUMN enabled boolean NOT NULL DEFAULT true,
  ADD COLUMN autonomy text NOT NULL DEFAULT 'shadow' CHECK (autonomy IN ('shadow', 'suggest', 'auto')),
  ADD COLUMN half_life_days int NOT NULL DEFAULT 90 CHECK (half_life_days >= 1),
  -- there are outcomes that came after its autonomy was last judged
  ADD COLUMN unjudged boolean NOT NULL DEFAULT false,
  ADD CONSTRAINT bot_knowledge_pattern_check CHECK (length(issue_pattern) BETWEEN 3 AND 512);

-- Entries that were there before the engine have no name yet. They begin in shadow: they only say what they would do.
ALTER TABLE bot_knowledge ALTER COLUMN name TYPE text USING 'adopted-' || id;
ALTER TABLE bot_knowledge ALTER COLUMN name SET NOT NULL;

-- It fires for changes of the content of an entry, and not for its cached figures. A platform that applied the
-- documented pattern by hand already has a trigger of this name.
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
  -- What became of a finding on which the entry did nothing. NULL if an earlier decision about the same finding records
  -- it. touched: it was cured by something else after all, which does not tell whether it would have recovered by
  -- itself.
  outcome text CHECK (outcome IN ('pending', 'recovered', 'persisted', 'touched')),
  -- it was clean at the next run; if it is still clean at this time, it has recovered
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

-- Each heal of an entry and its outcome, which is that of its last step. Undone counts as relapsed. The outcome is NULL
-- while it is not decided, and for states that decide nothing: unknown and aborted.
CREATE VIEW engine.heals AS
SELECT a.heal_id, a.knowledge_id, a.bot_id, a.finding_id, a.fingerprint, a.component, a.category, a.state,
       CASE a.state WHEN 'held' THEN 'held' WHEN 'relapsed' THEN 'relapsed' WHEN 'undone' THEN 'relapsed'
                    WHEN 'failed' THEN 'failed' END AS outcome,
       coalesce(a.settled_at, a.taken_at) AS settled_at
FROM public.bot_actions a
WHERE a.knowledge_id IS NOT NULL
  AND NOT EXISTS (SELECT FROM public.bot_actions l WHERE l.heal_id = a.heal_id AND l.step > a.step);

-- Counts the three documented columns of these entries from the ledger.
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

-- Updates the cached figures in the transaction that writes the ledger, whatever writes it. A first statement locks the
-- entries in the order of their ids; a second one counts, and so sees what others have committed by then.
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

-- What became of findings on which an entry did nothing counts in the same judgement of the entry.
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

-- Each process caches all patterns. This number tells it whether the table has changed since. It grows in the
-- transaction of the edit, so that both become visible together. updated_at cannot tell this: it is the time at which a
-- transaction began, and one that began later may have committed earlier.
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
