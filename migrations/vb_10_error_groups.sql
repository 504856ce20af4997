-- Errors of error_logs that say the same are one group. The job group-errors reads new rows and counts them here. A group holds one
-- template or several; all ids come from engine.error_cursor, and a group that the job opened has
-- the id of its first template.
CREATE TABLE engine.error_groups (
  id bigint PRIMARY KEY,
  error_type varchar(100) NOT NULL,
  -- The group into which this one was merged, by a person or because their templates became one; it holds no template any more.
  -- It is never itself a merged one.
  merged_into bigint REFERENCES engine.error_groups (id),
  errors bigint NOT NULL DEFAULT 0 CHECK (errors >= 0),
  first_seen_at timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  -- The newest error, and the beginning of its message, which stays when the row of error_logs is removed. NULL until a group that a
  -- person split off has its first error.
  example_id uuid,
  example text,
  -- error-watch says nothing of a muted group; muted_until NULL: until a person unmutes it
  muted_at timestamptz,
  muted_until timestamptz,
  muted_by text,
  muted_reason text,
  CHECK (merged_into <> id),
  CHECK (first_seen_at <= last_seen_at),
  CHECK ((muted_at IS NULL) = (muted_by IS NULL)),
  CHECK ((muted_at IS NULL) = (muted_reason IS NULL)),
  CHECK (muted_until > muted_at)
);
CREATE INDEX idx_error_groups_last_seen ON engine.error_groups (last_seen_at DESC) WHERE merged_into IS NULL;
CREATE INDEX idx_error_groups_merged ON engine.error_groups (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE engine.error_templates (
  id bigint PRIMARY KEY,
  group_id bigint NOT NULL REFERENCES engine.error_groups (id),
  error_type varchar(100) NOT NULL,
  -- mined: the words of a message, with wildcards where messages differ. flood: stands for all messages of its type beyond the limit
  -- of templates. fingerprint: the platform's own code names the group in error_logs.context. text: a person split it off; it stands for
  -- the errors of split_from whose message contains the text.
  kind text NOT NULL CHECK (kind IN ('mined', 'flood', 'fingerprint', 'text')),
  -- the words of a mined one; else a single element: the fingerprint, or the text
  tokens text[] NOT NULL,
  split_from bigint REFERENCES engine.error_groups (id),
  -- the older template of which this one became an alias
  merged_into bigint REFERENCES engine.error_templates (id),
  -- A person merged, split or muted its group: it is neither merged nor changed by itself any more.
  pinned boolean NOT NULL DEFAULT false,
  errors bigint NOT NULL DEFAULT 0 CHECK (errors >= 0),
  first_seen_at timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  CHECK (first_seen_at <= last_seen_at),
  CHECK (merged_into < id),
  CHECK ((kind = 'text') = (split_from IS NOT NULL))
);
CREATE INDEX idx_error_templates_group ON engine.error_templates (group_id);
CREATE INDEX idx_error_templates_last_seen ON engine.error_templates (last_seen_at);
CREATE INDEX idx_error_templates_merged ON engine.error_templates (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX idx_error_templates_split ON engine.error_templates (split_from) WHERE split_from IS NOT NULL;

-- How many errors of a template came in ten minutes, for spikes and trends; kept for eight days.
CREATE TABLE engine.error_counts (
  starts_at timestamptz NOT NULL,
  template_id bigint NOT NULL REFERENCES engine.error_templates (id) ON DELETE CASCADE,
  errors bigint NOT NULL CHECK (errors > 0),
  PRIMARY KEY (template_id, starts_at)
);
CREATE INDEX idx_error_counts_starts_at ON engine.error_counts (starts_at);

-- What the errors of a template have in common or differ in. Each kind has a bounded number of values; '' stands for the others.
CREATE TABLE engine.error_facets (
  template_id bigint NOT NULL REFERENCES engine.error_templates (id) ON DELETE CASCADE,
  -- user: an id of profiles; release: as context names it; frame: the first frames of the platform's own code in the stack
  kind text NOT NULL CHECK (kind IN ('user', 'release', 'frame')),
  value text NOT NULL,
  errors bigint NOT NULL CHECK (errors > 0),
  first_seen_at timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  PRIMARY KEY (template_id, kind, value)
);

-- The template of each error that was counted. No foreign key to error_logs: its check would write to every row of that table.
CREATE TABLE engine.grouped_errors (
  error_id uuid PRIMARY KEY,
  template_id bigint NOT NULL,
  seen_at timestamptz NOT NULL
);
CREATE INDEX idx_grouped_errors_template ON engine.grouped_errors (template_id, seen_at DESC);

-- One row. Whoever changes groups or templates locks it first, and raises its version, so that the job does not write by what it read
-- before.
CREATE TABLE engine.error_cursor (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  -- All errors up to this pair of error_logs.xact_id and error_logs.id are counted.
  xact_id xid8 NOT NULL DEFAULT '0',
  error_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  -- the server whose transactions xact_id counts: after a restore into another one the cursor begins anew
  system_identifier text,
  next_id bigint NOT NULL DEFAULT 1,
  version bigint NOT NULL DEFAULT 0,
  -- when the job last found every error counted that was committed
  caught_up_at timestamptz
);
INSERT INTO engine.error_cursor DEFAULT VALUES;

-- What error-watch found about a group before.
CREATE INDEX idx_findings_error_group ON bot_findings (component_key, detected_at DESC) WHERE check_name = 'error-groups';

REVOKE ALL ON engine.error_groups, engine.error_templates, engine.error_counts, engine.error_facets, engine.grouped_errors,
  engine.error_cursor FROM PUBLIC, anon, authenticated, service_role;
GRANT SELECT, INSERT, UPDATE, DELETE ON engine.error_groups, engine.error_templates, engine.error_counts, engine.error_facets,
  engine.grouped_errors, engine.error_cursor TO service_role;
SELECT engine.let_checks_read();
