-- undecided: too few events came after the cure to tell, or another cure or a person acted before it could be told.
-- Neither unfinished nor decided: it counts for no entry and against none.
ALTER TABLE bot_actions
  DROP CONSTRAINT bot_actions_state_check,
  ADD CONSTRAINT bot_actions_state_check CHECK (state IN
    ('intent', 'applied', 'verified', 'held', 'relapsed', 'failed', 'unknown', 'undone', 'aborted', 'undecided')),
  DROP CONSTRAINT bot_actions_applied_check,
  ADD CONSTRAINT bot_actions_applied_check CHECK
    (state NOT IN ('applied', 'verified', 'held', 'relapsed', 'undecided') OR applied_at IS NOT NULL),
  -- of a check of events: for so many seconds it is asked again; NULL for checks of a state
  ADD COLUMN judge_within int CHECK (judge_within > 0),
  -- when a check that could not tell yet is asked again by a run of its own
  ADD COLUMN ask_after timestamptz,
  -- the hold window began: a second clean verdict needs events of its own
  ADD COLUMN verified_at timestamptz;

-- What has been asked again for long enough.
CREATE INDEX idx_actions_unclear ON bot_actions (fingerprint)
  WHERE judge_within IS NOT NULL AND state IN ('applied', 'verified');
