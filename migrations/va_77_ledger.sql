-- The bots guardian and ledger read the newest purchases and paid uses, and which organizations are overdrawn.
CREATE INDEX IF NOT EXISTS idx_credits_purchased ON credits (created_at) WHERE type = 'purchase';
CREATE INDEX IF NOT EXISTS idx_usage_paid ON app_usage (created_at) WHERE credits_used > 0;
CREATE INDEX IF NOT EXISTS idx_organizations_overdrawn ON organizations (credits_pool) WHERE credits_pool < 0;
