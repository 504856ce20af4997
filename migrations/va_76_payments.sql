-- Every five minutes guardian reads which payments are pending, and which were completed or refunded lately.
CREATE INDEX IF NOT EXISTS idx_transactions_pending ON transactions (created_at) WHERE status = 'pending';
CREATE INDEX IF NOT EXISTS idx_transactions_created ON transactions (created_at);
CREATE INDEX IF NOT EXISTS idx_transactions_settled ON transactions (updated_at)
  WHERE status IN ('completed', 'refunded');

-- Subscriptions that should have been renewed, or have ended.
CREATE INDEX IF NOT EXISTS idx_subscriptions_period_end ON subscriptions (current_period_end)
  WHERE status IN ('active', 'past_due');
