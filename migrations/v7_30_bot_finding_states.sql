-- Checks of events count them, and the engine judges the counts. A cutoff is the time of a cure, of an undo, or of the
-- resolution of the ticket by a person. Later runs do not count events before it against the key, although the window of
-- the check still covers them.
ALTER TABLE bot_finding_states
  -- what the check counted when it last reported the key:
  -- {"bad": 63, "of": 217 or null, "seconds": 3600, "severity": "critical"}; NULL for checks of a state
  ADD COLUMN tally jsonb,
  ADD COLUMN cutoff_at timestamptz,
  -- `tally` at the time of the cutoff, with which later counts are compared; NULL if it is not known
  ADD COLUMN tally_before jsonb,
  ADD CONSTRAINT bot_finding_states_cutoff_check CHECK (cutoff_at IS NOT NULL OR tally_before IS NULL);

-- Each run of an event check looks for its keys whose cutoff still matters.
CREATE INDEX idx_finding_states_cutoff ON bot_finding_states (bot_id, check_name, cutoff_at) WHERE cutoff_at IS NOT NULL;
