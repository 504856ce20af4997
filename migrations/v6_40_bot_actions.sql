ALTER TABLE bot_actions
  ADD COLUMN heal_id uuid NOT NULL,
  ADD COLUMN state text NOT NULL CHECK (state IN
    ('intent', 'applied', 'verified', 'held', 'relapsed', 'failed', 'unknown', 'undone', 'aborted')),
  ADD COLUMN execution_id uuid REFERENCES bot_executions(id) ON DELETE SET NULL,
  ADD COLUMN knowledge_id uuid REFERENCES bot_knowledge(id) ON DELETE SET NULL,
  ADD COLUMN fingerprint text NOT NULL,
  ADD COLUMN component text,
  ADD COLUMN remedy text NOT NULL,
  ADD COLUMN risk text NOT NULL CHECK (risk IN ('safe', 'reversible', 'irreversible')),
  ADD COLUMN step int NOT NULL DEFAULT 0,
  ADD COLUMN idempotency_key text NOT NULL UNIQUE,
  ADD COLUMN applied_at timestamptz,
  ADD COLUMN verify_after timestamptz,
  ADD COLUMN hold_until timestamptz,
  ADD COLUMN settled_at timestamptz,
  ADD COLUMN evidence jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN undo_requested_at timestamptz,
  ADD COLUMN undo_requested_by text,
  ADD CONSTRAINT bot_actions_applied_check CHECK
    (state NOT IN ('applied', 'verified', 'held', 'relapsed') OR applied_at IS NOT NULL),
  ADD CONSTRAINT bot_actions_success_check CHECK (success = (state IN ('verified', 'held')));

-- One unfinished application per problem: two workers cannot heal the same thing at once.
CREATE UNIQUE INDEX idx_actions_unfinished ON bot_actions (fingerprint)
  WHERE state IN ('intent', 'applied', 'unknown');
CREATE INDEX idx_actions_finding ON bot_actions (finding_id);
CREATE INDEX idx_actions_execution ON bot_actions (execution_id);
CREATE INDEX idx_actions_knowledge ON bot_actions (knowledge_id, taken_at DESC);
CREATE INDEX idx_actions_heal ON bot_actions (heal_id);
CREATE INDEX idx_actions_taken ON bot_actions (taken_at DESC);
