ALTER TABLE bot_knowledge
  ADD COLUMN name text UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9.-]{0,99}$'),
  ADD COLUMN enabled boolean NOT NULL DEFAULT true,
  ADD COLUMN autonomy text NOT NULL DEFAULT 'shadow' CHECK (autonomy IN ('shadow', 'suggest', 'auto')),
  ADD COLUMN half_life_days int NOT NULL DEFAULT 90 CHECK (half_life_days >= 1),
  ADD CONSTRAINT bot_knowledge_pattern_check CHECK (length(issue_pattern) BETWEEN 3 AND 512);

-- Entries that were there before: nobody has named them. They begin in shadow: they say what they would do.
ALTER TABLE bot_knowledge ALTER COLUMN name TYPE text USING 'adopted-' || id;
ALTER TABLE bot_knowledge ALTER COLUMN name SET NOT NULL;

-- Fires for the entry's content, not for the cache of its outcomes. Who made the document's pattern by hand
-- has one of that name already.
DROP TRIGGER IF EXISTS update_bot_knowledge_updated_at ON bot_knowledge;
CREATE TRIGGER update_bot_knowledge_updated_at
  BEFORE UPDATE OF name, category, issue_pattern, solution, enabled, autonomy, half_life_days ON bot_knowledge
  FOR EACH ROW EXECUTE FUNCTION update_updated_at();

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
  verdict text NOT NULL CHECK (verdict IN ('applied', 'suggested', 'shadowed', 'blocked', 'held_out')),
  gate text,
  figures jsonb NOT NULL DEFAULT '{}',
  answer text CHECK (answer IN ('approved', 'rejected')),
  answered_by text,
  answered_at timestamptz,
  outcome text,
  settled_at timestamptz,
  decided_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT bot_decisions_gate_check CHECK ((verdict = 'blocked') <= (gate IS NOT NULL))
);
CREATE INDEX idx_decisions_fingerprint ON bot_decisions (fingerprint, id DESC);
CREATE INDEX idx_decisions_knowledge ON bot_decisions (knowledge_id, id DESC);
CREATE INDEX idx_decisions_bot ON bot_decisions (bot_id);
CREATE INDEX idx_decisions_finding ON bot_decisions (finding_id);
CREATE INDEX idx_decisions_execution ON bot_decisions (execution_id);
ALTER TABLE bot_decisions ENABLE ROW LEVEL SECURITY;

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
