-- Maintenance windows. While a window is in force, findings in its scope get no ticket and are not healed, and people
-- are not told of them; with skip_runs, the slots of its bots are skipped. `occurrences` contains all its planned times,
-- as [start, end): one for a single window; for a window with a schedule, those of the last weeks and the next ones. So
-- SQL alone can tell whether it is in force, and whether it was when a slot came due, and a late scheduler leaves no
-- gap.
CREATE TABLE bot_maintenance (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  -- the scope: a finding is in it if it fits each of these that is not NULL; bots are named by id, as in bot_findings
  bot_ids uuid[] CHECK (cardinality(bot_ids) BETWEEN 1 AND 1000 AND array_position(bot_ids, NULL) IS NULL),
  components text[] CHECK (cardinality(components) BETWEEN 1 AND 1000 AND array_position(components, NULL) IS NULL),
  categories text[] CHECK (cardinality(categories) BETWEEN 1 AND 1000 AND array_position(categories, NULL) IS NULL),
  skip_runs boolean NOT NULL DEFAULT false,
  owner text NOT NULL,
  reason text NOT NULL CHECK (btrim(reason) <> ''),
  -- of a recurring window: when each occurrence begins (as bots.schedule_cron), and how long it lasts
  schedule_cron text,
  duration_seconds int CHECK (duration_seconds >= 60),
  timezone text NOT NULL DEFAULT 'UTC',
  occurrences tstzmultirange NOT NULL,
  -- `occurrences` contains all occurrences that begin until this time
  planned_until timestamptz,
  -- for all occurrences that were over at this time, the response clocks of tickets got their time back
  clocks_until timestamptz NOT NULL DEFAULT now(),
  -- who last ended an occurrence before its time
  cut_at timestamptz,
  cut_by text,
  ended_at timestamptz,
  ended_by text,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT bot_maintenance_schedule_check CHECK
    (num_nonnulls(schedule_cron, duration_seconds, planned_until) IN (0, 3)),
  CONSTRAINT bot_maintenance_occurrences_check CHECK
    (NOT lower_inf(occurrences) AND NOT upper_inf(occurrences) AND (ended_at IS NOT NULL OR NOT isempty(occurrences))),
  -- A run looks at all components of its bot: a window that names only some of them cannot skip runs.
  CONSTRAINT bot_maintenance_skip_check CHECK
    (NOT skip_runs OR bot_ids IS NOT NULL OR components IS NULL AND categories IS NULL)
);
-- For windows that may be in force, without those that are over.
CREATE INDEX idx_maintenance_end ON bot_maintenance (upper(occurrences));

-- Maintenance stops the response clock of a ticket: the stopped time was given back up to this time.
ALTER TABLE bot_tickets ADD COLUMN clock_held_until timestamptz;

ALTER TABLE bot_maintenance ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON bot_maintenance FROM PUBLIC, anon, authenticated, service_role;
GRANT SELECT, INSERT, UPDATE, DELETE ON bot_maintenance TO service_role;
-- Only admins, and only to read, as with the other tables of the bots.
CREATE POLICY "Admins see bot maintenance" ON bot_maintenance FOR SELECT TO authenticated
  USING ((SELECT private.is_admin()));
GRANT SELECT ON bot_maintenance TO authenticated;

SELECT engine.let_checks_read();
