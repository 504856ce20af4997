ALTER TABLE bot_actions
  ADD COLUMN heal_id uuid,
  ADD COLUMN state text CHECK (state IN
    ('intent', 'applied', 'verified', 'held', 'relapsed', 'failed', 'unknown', 'undone', 'aborted')),
  ADD COLUMN execution_id uuid REFERENCES bot_executions(id) ON DELETE SET NULL,
  ADD COLUMN knowledge_id uuid REFERENCES bot_knowledge(id) ON DELETE SET NULL,
  ADD COLUMN fingerprint text,
  ADD COLUMN component text,
  -- of the finding, which may be pruned before the figures are
  ADD COLUMN category text,
  -- findings of this check come back by themselves: to be verified is to have held
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

-- Actions that were there before, each a heal of one step. `success` says that it worked, not that it held:
-- verified, the least of the two; when it was applied is when it was taken, or not later than now. It
-- belongs to no knowledge, so no figure counts it. Nobody says how it could be undone: irreversible.
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

-- One unfinished application per problem: two workers cannot heal the same thing at once.
CREATE UNIQUE INDEX idx_actions_unfinished ON bot_actions (fingerprint)
  WHERE state IN ('intent', 'applied', 'unknown');
-- What a relapse, and the end of the hold window, look for.
CREATE INDEX idx_actions_verified ON bot_actions (fingerprint) WHERE state = 'verified';
CREATE INDEX idx_actions_hold ON bot_actions (hold_until) WHERE state = 'verified';
CREATE INDEX idx_actions_undo ON bot_actions (bot_id) WHERE undo_requested_at IS NOT NULL AND state <> 'undone';
-- Effects outside of the database that have no record yet: each start of a run asks for those of its bot.
CREATE INDEX idx_actions_begun ON bot_actions (bot_id) WHERE state = 'intent' AND evidence ? 'begun';
-- Of which a person has to say what became of them: each end of a run sees that there is a ticket.
CREATE INDEX idx_actions_unknown ON bot_actions (bot_id) WHERE state = 'unknown';
CREATE INDEX idx_actions_finding ON bot_actions (finding_id);
CREATE INDEX idx_actions_execution ON bot_actions (execution_id);
CREATE INDEX idx_actions_knowledge ON bot_actions (knowledge_id, taken_at DESC);
CREATE INDEX idx_actions_heal ON bot_actions (heal_id);
CREATE INDEX idx_actions_taken ON bot_actions (taken_at DESC);
