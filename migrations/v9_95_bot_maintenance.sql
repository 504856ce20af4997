-- Maintenance windows: while one is in force, findings in its scope get no ticket and are not healed, and people are told of
-- none of it; with skip_runs the slots of its bots are skipped. `occurrences` has every time of it that is planned, [start,
-- end): of a window that comes once this one, of one with a schedule those of the last weeks and the next ones. So SQL alone
-- says whether it is in force, and was when a slot was due, and no gap comes from a scheduler that is late.
CREATE TABLE bot_maintenance (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  -- the scope: a finding fits where it fits each of these that is not NULL; bots are named by id, as in bot_findings
  bot_ids uuid[] CHECK (cardinality(bot_ids) BETWEEN 1 AND 1000 AND array_position(bot_ids, NULL) IS NULL),
  components text[] CHECK (cardinality(components) BETWEEN 1 AND 1000 AND array_position(components, NULL) IS NULL),
  categories text[] CHECK (cardinality(categories) BETWEEN 1 AND 1000 AND array_position(categories, NULL) IS NULL),
  skip_runs boolean NOT NULL DEFAULT false,
  owner text NOT NULL,
  reason text NOT NULL CHECK (btrim(reason) <> ''),
  -- of one that comes again and again: when each begins, as bots.schedule_cron, and how long it lasts
  schedule_cron text,
  duration_seconds int CHECK (duration_seconds >= 60),
  timezone text NOT NULL DEFAULT 'UTC',
  occurrences tstzmultirange NOT NULL,
  -- every occurrence that begins until then is in `occurrences`
  planned_until timestamptz,
  -- the response clocks of tickets got the time back of every occurrence that was over by then
  clocks_until timestamptz NOT NULL DEFAULT now(),
  -- who ended an occurrence before its time, the newest one
  cut_at timestamptz,
  cut_by text,
  ended_at timestamptz,
  ended_by text,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT bot_maintenance_schedule_check CHECK
    (num_nonnulls(schedule_cron, duration_seconds, planned_until) IN (0, 3)),
  CONSTRAINT bot_maintenance_occurrences_check CHECK
    (NOT lower_inf(occurrences) AND NOT upper_inf(occurrences) AND (ended_at IS NOT NULL OR NOT isempty(occurrences))),
  -- A run looks at all components of its bot: what names only some of them can skip no run.
  CONSTRAINT bot_maintenance_skip_check CHECK
    (NOT skip_runs OR bot_ids IS NOT NULL OR components IS NULL AND categories IS NULL)
);
-- What may be in force, without all that are over.
CREATE INDEX idx_maintenance_end ON bot_maintenance (upper(occurrences));

-- Until when the time in which maintenance held its response clock was given back to it.
ALTER TABLE bot_tickets ADD COLUMN clock_held_until timestamptz;

ALTER TABLE bot_maintenance ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON bot_maintenance FROM PUBLIC, anon, authenticated, service_role;
GRANT SELECT, INSERT, UPDATE, DELETE ON bot_maintenance TO service_role;
-- Admin only, and to read, as the other tables of the bots.
CREATE POLICY "Admins see bot maintenance" ON bot_maintenance FOR SELECT TO authenticated
  USING ((SELECT private.is_admin()));
GRANT SELECT ON bot_maintenance TO authenticated;

SELECT engine.let_checks_read();
