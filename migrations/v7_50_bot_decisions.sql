-- Findings on which an entry did nothing are judged as cures are, by the events after the decision.
ALTER TABLE bot_decisions
  DROP CONSTRAINT bot_decisions_outcome_check,
  ADD CONSTRAINT bot_decisions_outcome_check CHECK
    (outcome IN ('pending', 'recovered', 'persisted', 'touched', 'undecided')),
  -- what the check had counted at the time of the decision (bot_finding_states.tally); NULL for checks of a state
  ADD COLUMN tally jsonb,
  -- when it was first clean: only events after it count for the second clean verdict
  ADD COLUMN clean_at timestamptz;
