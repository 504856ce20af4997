-- What the job retention needs: it removes old rows, each after its figures were added up.

-- More of the tables that grow are added up before their rows go.
ALTER TABLE engine.rollups DROP CONSTRAINT rollups_kind_check;
ALTER TABLE engine.rollups ADD CONSTRAINT rollups_kind_check CHECK
  (kind IN ('bot', 'endpoint', 'app', 'provider', 'page', 'error', 'activity'));
ALTER TABLE engine.rollup_marks DROP CONSTRAINT rollup_marks_kind_check;
ALTER TABLE engine.rollup_marks ADD CONSTRAINT rollup_marks_kind_check CHECK
  (kind IN ('bot', 'endpoint', 'app', 'provider', 'page', 'error', 'activity'));

-- Of the days before this, rows may have been removed: their figures are not added up again. The beginning of a day in UTC.
ALTER TABLE engine.rollup_marks ADD COLUMN removed_until timestamptz;
-- All rows from before this are gone: what is there came later, as from an import, and is counted when it goes.
ALTER TABLE engine.rollup_marks ADD COLUMN cleared_until timestamptz;

-- The heals whose actions were removed: engine.counted() adds them to those that are still there.
CREATE TABLE engine.removed_heals (
  knowledge_id uuid NOT NULL REFERENCES bot_knowledge (id) ON DELETE CASCADE,
  -- when the solution was last replaced, by the time of the removal; -infinity: never, or after the heal
  solution_since timestamptz NOT NULL,
  -- heals that reached `applied` or an outcome; those that reached `applied`; those of which the outcome is decided; of these, those that held
  tried int NOT NULL CHECK (tried >= 0),
  applied int NOT NULL CHECK (applied >= 0),
  decided int NOT NULL CHECK (decided >= 0),
  held int NOT NULL CHECK (held BETWEEN 0 AND decided),
  PRIMARY KEY (knowledge_id, solution_since)
);
REVOKE ALL ON engine.removed_heals FROM PUBLIC, anon, authenticated, service_role;
GRANT SELECT, INSERT, UPDATE, DELETE ON engine.removed_heals TO service_role;

-- As before (v6_60_bot_knowledge.sql), with the heals whose actions were removed.
CREATE OR REPLACE FUNCTION engine.counted(p_ids uuid[])
RETURNS TABLE (knowledge_id uuid, times_applied int, times_successful int, success_rate numeric)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
  SELECT k.id,
         (SELECT count(DISTINCT a.heal_id)::int FROM public.bot_actions a
          WHERE a.knowledge_id = k.id AND a.applied_at IS NOT NULL) + r.applied,
         h.held + r.held, coalesce(round(100.0 * (h.held + r.held) / nullif(h.decided + r.decided, 0), 2), 0)
  FROM public.bot_knowledge k
  CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE e.outcome = 'held')::int AS held, count(e.outcome)::int AS decided
    FROM engine.heals e WHERE e.knowledge_id = k.id) h
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(m.applied), 0)::int AS applied, coalesce(sum(m.held), 0)::int AS held,
           coalesce(sum(m.decided), 0)::int AS decided
    FROM engine.removed_heals m WHERE m.knowledge_id = k.id) r
  WHERE k.id = ANY (p_ids)
$$;

-- Retention reads each table from its oldest row on.
CREATE INDEX IF NOT EXISTS idx_findings_resolved ON bot_findings (resolved_at, id) WHERE resolved_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS idx_decisions_decided ON bot_decisions (decided_at, id);
CREATE INDEX IF NOT EXISTS idx_metrics_day ON bot_metrics (day, bot_id);

-- On a database that had bots before, retention begins a week after this migration, so that people can look at what would go
-- (`roundsman retention preview`) and set other ages.
INSERT INTO engine.settings (key, value)
SELECT 'retention_from', to_jsonb(date_trunc('second', engine.now()) + interval '7 days') WHERE EXISTS (SELECT FROM bots)
ON CONFLICT (key) DO NOTHING;

SELECT engine.let_checks_read();
