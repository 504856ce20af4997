-- For earlier actions on the same problem: each gate reads them, and so does each judgement of a cure.
CREATE INDEX idx_actions_fingerprint ON bot_actions (fingerprint, taken_at DESC);
