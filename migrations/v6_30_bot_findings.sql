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

-- Findings that were there before: no check of ours is called `adopted`, so none resolves them or counts
-- them again; each is a problem of its own, because what would make two of them the same one is not known.
-- A key is the component unless a check says otherwise. They were seen once, when they were detected; where
-- even that is missing, they have been seen now.
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
CREATE INDEX idx_findings_suppressed ON bot_findings (suppressed_by) WHERE suppressed_by IS NOT NULL;

-- What a fingerprint's history must remember even while nothing is open.
CREATE TABLE bot_finding_states (
  fingerprint text PRIMARY KEY,
  bot_id uuid NOT NULL REFERENCES bots(id) ON DELETE CASCADE,
  -- the last 21 results, newest last: true failed, false clean
  states boolean[] NOT NULL DEFAULT '{}' CHECK (cardinality(states) <= 21),
  failures_in_row int NOT NULL DEFAULT 0,
  clean_in_row int NOT NULL DEFAULT 0,
  flapping_since timestamptz,
  last_fence bigint NOT NULL,
  last_execution_id uuid
);
CREATE INDEX idx_finding_states_bot ON bot_finding_states (bot_id);
ALTER TABLE bot_finding_states ENABLE ROW LEVEL SECURITY;
