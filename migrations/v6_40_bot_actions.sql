ALTER TABLE bot_actions
  ADD COLUMN heal_id uuid,
  ADD COLUMN state text CHECK (state IN
    ('intent', 'applied', 'verified', 'held', 'relapsed', 'failed', 'unknown', 'undone', 'aborted')),
  ADD COLUMN execution_id uuid REFERENCES bot_executions(id) ON DELETE SET NULL,
  ADD COLUMN knowledge_id uuid REFERENCES bot_knowledge(id) ON DELETE SET NULL,
  ADD COLUMN fingerprint text,
  ADD COLUMN component text,
  -- of the finding, copied because the finding may be deleted while the figures by category still need it
  ADD COLUMN category text,
  -- the findings of this check come back by themselves, as expired sessions do, so a verified cure counts as held at
  -- once
  ADD COLUMN accruing boolean NOT NULL DEFAULT false,
  ADD COLUMN remedy text,
  ADD COLUMN risk text CHECK (risk IN ('safe', 'reversible', 'irreversible')),
  ADD COLUMN step int NOT NULL DEFAULT 0,
  ADD COLUMN idempotency_key text UNIQUE,
  ADD COLUMN applied_at timestamptz,
  ADD COLUMN verify_after timestamptz,
  ADD COLUMN hold_until timestamptz,
  ADD COLUMN settled_at timestamptz,
  ADD COLUMN evidence jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN undo_requested_at timestamptz,
  ADD COLUMN undo_requested_by text;

-- Actions that were there before the engine; each counts as a heal of one step. `success` says that the action worked,
-- not that the problem stayed away, so they become `verified`, which claims the least. They were applied when they were
-- taken, but not later than now. They belong to no entry of knowledge, so no figures count them. How to undo them is not
-- known: irreversible.
ALTER TABLE bot_actions
  ALTER COLUMN heal_id TYPE uuid USING id,
  ALTER COLUMN state TYPE text USING CASE WHEN success THEN 'verified' ELSE 'failed' END,
  ALTER COLUMN fingerprint TYPE text USING 'adopted-' || coalesce(finding_id, id),
  ALTER COLUMN remedy TYPE text USING action_type,
  ALTER COLUMN risk TYPE text USING 'irreversible',
  ALTER COLUMN idempotency_key TYPE text USING 'adopted-' || id,
  ALTER COLUMN applied_at TYPE timestamptz USING CASE WHEN success THEN coalesce(taken_at, engine.now()) END;

ALTER TABLE bot_actions
  ALTER COLUMN heal_id SET NOT NULL,
  ALTER COLUMN state SET NOT NULL,
  ALTER COLUMN fingerprint SET NOT NULL,
  ALTER COLUMN remedy SET NOT NULL,
  ALTER COLUMN risk SET NOT NULL,
  ALTER COLUMN idempotency_key SET NOT NULL,
  ADD CONSTRAINT bot_actions_applied_check CHECK
    (state NOT IN ('applied', 'verified', 'held', 'relapsed') OR applied_at IS NOT NULL),
  ADD CONSTRAINT bot_actions_success_check CHECK (success = (state IN ('verified', 'held')));

-- At most one unfinished action for each problem, so that two workers cannot heal the same problem at the same time.
CREATE UNIQUE INDEX idx_actions_unfinished ON bot_actions (fingerprint)
  WHERE state IN ('intent', 'applied', 'unknown');
-- For a relapse and for the end of the hold window: both look for verified actions.
CREATE INDEX idx_actions_verified ON bot_actions (fingerprint) WHERE state = 'verified';
CREATE INDEX idx_actions_hold ON bot_actions (hold_until) WHERE state = 'verified';
CREATE INDEX idx_actions_undo ON bot_actions (bot_id) WHERE undo_requested_at IS NOT NULL AND state <> 'undone';
-- Actions with effects outside of the database that have no record yet. Each start of a run looks for those of its bot.
CREATE INDEX idx_actions_begun ON bot_actions (bot_id) WHERE state = 'intent' AND evidence ? 'begun';
-- Actions whose effect only a person can find out. Each end of a run makes sure that they have a ticket.
CREATE INDEX idx_actions_unknown ON bot_actions (bot_id) WHERE state = 'unknown';
CREATE INDEX idx_actions_finding ON bot_actions (finding_id);
CREATE INDEX idx_actions_execution ON bot_actions (execution_id);
CREATE INDEX idx_actions_knowledge ON bot_actions (knowledge_id, taken_at DESC);
CREATE INDEX idx_actions_heal ON bot_actions (heal_id);
CREATE INDEX idx_actions_taken ON bot_actions (taken_at DESC);
