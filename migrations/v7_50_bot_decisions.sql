-- Findings that were left alone are judged like cures, by the events after the decision.
ALTER TABLE bot_decisions
  DROP CONSTRAINT bot_decisions_outcome_check,
  ADD CONSTRAINT bot_decisions_outcome_check CHECK
    (outcome IN ('pending', 'recovered', 'persisted', 'touched', 'undecided')),
  -- what the check had counted by then (bot_finding_states.tally); NULL for checks of a state
  ADD COLUMN tally jsonb,
  -- when it was first clean: a second clean verdict needs events of its own
  ADD COLUMN clean_at timestamptz;
