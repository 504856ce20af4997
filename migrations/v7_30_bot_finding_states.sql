-- Checks of events count; the engine judges. Events before a key's cutoff (a cure, an undo, the resolution of its
-- ticket by a person) count against it in no later run, also while the check's window still covers them.
ALTER TABLE bot_finding_states
  -- what the check counted when it last reported the key:
  -- {"bad": 63, "of": 217 or null, "seconds": 3600, "severity": "critical"}; NULL for checks of a state
  ADD COLUMN tally jsonb,
  ADD COLUMN cutoff_at timestamptz,
  -- `tally` as it was at the cutoff: what came before is compared with what came after. NULL where that is not known
  ADD COLUMN tally_before jsonb,
  ADD CONSTRAINT bot_finding_states_cutoff_check CHECK (cutoff_at IS NOT NULL OR tally_before IS NULL);

-- Each run of an event check asks for the keys of its own that may still be judged.
CREATE INDEX idx_finding_states_cutoff ON bot_finding_states (bot_id, check_name, cutoff_at) WHERE cutoff_at IS NOT NULL;
