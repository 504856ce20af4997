-- created_at is the start of a transaction and reads wrong under concurrency; seq is the order of the ledger.
ALTER TABLE credits ADD COLUMN seq bigint GENERATED ALWAYS AS IDENTITY;
CREATE UNIQUE INDEX idx_credits_user_seq ON credits (user_id, seq DESC);
