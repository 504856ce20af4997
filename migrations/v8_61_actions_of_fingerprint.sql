-- What was done about a problem before: asked for by each gate, and by each look at what became of a cure.
CREATE INDEX idx_actions_fingerprint ON bot_actions (fingerprint, taken_at DESC);
