ALTER TABLE bot_findings
  ADD COLUMN check_name text NOT NULL DEFAULT 'adopted',
  ADD COLUMN component_key text NOT NULL DEFAULT '',
  ADD COLUMN fingerprint text NOT NULL DEFAULT '',
  ADD COLUMN occurrences int NOT NULL DEFAULT 1 CHECK (occurrences >= 1),
  ADD COLUMN last_seen_at timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN last_execution_id uuid,
  ADD COLUMN last_fence bigint,
  ADD COLUMN suppressed_by uuid REFERENCES bot_findings(id) ON DELETE SET NULL,
  ADD CONSTRAINT bot_findings_severity_check CHECK
    (severity IN ('critical', 'high', 'medium', 'low', 'info')),
  ADD CONSTRAINT bot_findings_resolution_check CHECK
    (resolution_method IN ('auto-fixed', 'manual', 'escalated', 'cleared')),
  ADD CONSTRAINT bot_findings_resolved_check CHECK
    ((resolved_at IS NULL) = (resolution_method IS NULL));

-- Findings of an adopted database: no check of the engine is named `adopted`, so no run resolves them or counts them
-- again. Each is a problem of its own, because it is not known which of them are about the same problem. They were seen
-- once, when they were detected; if that time is missing, they were seen now.
-- The key of a finding is its component, unless its check sets another one.
ALTER TABLE bot_findings
  ALTER COLUMN component_key TYPE text USING coalesce(affected_component, ''),
  ALTER COLUMN fingerprint TYPE text USING 'adopted-' || id,
  ALTER COLUMN last_seen_at TYPE timestamptz USING coalesce(detected_at, resolved_at, engine.now()),
  ALTER COLUMN last_execution_id TYPE uuid USING execution_id;
ALTER TABLE bot_findings
  ALTER COLUMN check_name DROP DEFAULT,
  ALTER COLUMN component_key DROP DEFAULT,
  ALTER COLUMN fingerprint DROP DEFAULT;

CREATE UNIQUE INDEX idx_findings_open ON bot_findings (bot_id, fingerprint) WHERE resolved_at IS NULL;
CREATE INDEX idx_findings_execution ON bot_findings (execution_id);
-- NOT NULL keeps the planner from using this small index for queries by bot: only a query that names a component can use
-- it.
CREATE INDEX idx_findings_component ON bot_findings (affected_component)
  WHERE resolved_at IS NULL AND affected_component IS NOT NULL;
CREATE INDEX idx_findings_suppressed ON bot_findings (suppressed_by) WHERE suppressed_by IS NOT NULL;

-- What must be kept about a problem, by its fingerprint, also while it has no open finding.
CREATE TABLE bot_finding_states (
  fingerprint text PRIMARY KEY,
  bot_id uuid NOT NULL REFERENCES bots(id) ON DELETE CASCADE,
  check_name text NOT NULL,
  component_key text NOT NULL,
  -- the last 21 results, the newest one last: true for failed, false for clean
  states boolean[] NOT NULL DEFAULT '{}' CHECK (cardinality(states) <= 21),
  failures_in_row int NOT NULL DEFAULT 0,
  clean_in_row int NOT NULL DEFAULT 0,
  flapping_since timestamptz,
  -- the outcome of a cure, or of a decision to do nothing, depends on the next results
  watched boolean NOT NULL DEFAULT false,
  -- when the latest run began that found it clean
  last_clean_at timestamptz,
  last_fence bigint NOT NULL,
  last_execution_id uuid
);
CREATE INDEX idx_finding_states_bot ON bot_finding_states (bot_id);
-- The rows that a clean result still changes. A problem that was clean 21 times in a row does not change by one more.
CREATE INDEX idx_finding_states_live ON bot_finding_states (bot_id) WHERE watched OR true = ANY (states);
CREATE INDEX idx_finding_states_flapping ON bot_finding_states (fingerprint) WHERE flapping_since IS NOT NULL;
ALTER TABLE bot_finding_states ENABLE ROW LEVEL SECURITY;

-- Returns the weighted share of changes among the last 21 results, from 0 to 1. The newest change has weight 1.25, the
-- oldest of the twenty possible ones 0.75, those between them in even steps. Results that are not there yet count as no
-- change. Source: Nagios Core, "Detection and Handling of State Flapping".
CREATE FUNCTION engine.flapping(p_states boolean[]) RETURNS float8
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  count int := cardinality(p_states);
  -- In 76ths, so that a share of just 20 or 30 % is one.
  weight int := 0;
BEGIN
  FOR i IN 1 .. count - 1 LOOP
    IF p_states[i] <> p_states[i + 1] THEN
      weight := weight + 57 + 2 * (20 - count + i);
    END IF;
  END LOOP;
  RETURN weight / (20 * 76.0);
END
$$;

-- Returns since when the problem is flapping, or NULL. It begins to flap at 30 % and stops at 20 %; between them it
-- stays as it was.
CREATE FUNCTION engine.flapping_since(p_states boolean[], p_since timestamptz) RETURNS timestamptz
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  share float8;
BEGIN
  -- Asked of every result. Most have no changes, and three of them are 18 % at most.
  IF cardinality(p_states) < 5 OR NOT (true = ANY (p_states) AND false = ANY (p_states)) THEN
    RETURN NULL;
  END IF;
  share := engine.flapping(p_states);
  RETURN CASE WHEN share >= 0.3 THEN coalesce(p_since, engine.now()) WHEN share >= 0.2 THEN p_since END;
END
$$;
REVOKE ALL ON FUNCTION engine.flapping(boolean[]), engine.flapping_since(boolean[], timestamptz) FROM PUBLIC;

-- Whether a finding whose suppressed_by is p_by is suppressed: p_by is open, and following suppressed_by from there does
-- not lead into a cycle. In a cycle no finding is suppressed, because each would hide the other.
CREATE FUNCTION engine.is_suppressed(p_by uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  parent public.bot_findings%ROWTYPE;
  behind uuid := p_by;
BEGIN
  FOR hop IN 1 .. 10 LOOP
    SELECT * INTO parent FROM public.bot_findings f WHERE f.id = behind AND f.resolved_at IS NULL;
    IF NOT FOUND THEN
      RETURN hop > 1;
    END IF;
    IF parent.suppressed_by IS NULL THEN
      RETURN true;
    END IF;
    behind := parent.suppressed_by;
  END LOOP;
  RETURN false;
END
$$;
REVOKE ALL ON FUNCTION engine.is_suppressed(uuid) FROM PUBLIC;
