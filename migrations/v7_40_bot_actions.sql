-- undecided: after the cure there were too few events to judge it, or another cure or a person acted before it could be
-- judged. It is neither unfinished nor decided, and counts neither for nor against an entry.
ALTER TABLE bot_actions
  DROP CONSTRAINT bot_actions_state_check,
  ADD CONSTRAINT bot_actions_state_check CHECK (state IN
    ('intent', 'applied', 'verified', 'held', 'relapsed', 'failed', 'unknown', 'undone', 'aborted', 'undecided')),
  DROP CONSTRAINT bot_actions_applied_check,
  ADD CONSTRAINT bot_actions_applied_check CHECK
    (state NOT IN ('applied', 'verified', 'held', 'relapsed', 'undecided') OR applied_at IS NOT NULL),
  -- for checks of events: for how many seconds the check is run again to judge the action; NULL for checks of a state
  ADD COLUMN judge_within int CHECK (judge_within > 0),
  -- when the next run starts that only runs this check again, because the check could not judge the action yet
  ADD COLUMN ask_after timestamptz,
  -- when the hold window began: only events after it count for the second clean verdict
  ADD COLUMN verified_at timestamptz;

-- For actions that are not judged any more because too much time has passed.
CREATE INDEX idx_actions_unclear ON bot_actions (fingerprint)
  WHERE judge_within IS NOT NULL AND state IN ('applied', 'verified');
