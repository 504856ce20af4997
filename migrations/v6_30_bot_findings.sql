ALTER TABLE bot_findings
  ADD COLUMN check_name text NOT NULL,
  ADD COLUMN component_key text NOT NULL,
  ADD COLUMN fingerprint text NOT NULL,
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
