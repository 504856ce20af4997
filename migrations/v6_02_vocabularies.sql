-- The words that the document gives in comments.
ALTER TABLE profiles
  ADD CONSTRAINT profiles_role_check CHECK (role IN ('user', 'admin', 'owner')),
  ADD CONSTRAINT profiles_subscription_tier_check CHECK (subscription_tier IN ('light', 'standard', 'advanced', 'premium')),
  ADD CONSTRAINT profiles_subscription_status_check CHECK (subscription_status IN ('active', 'canceled', 'expired'));
ALTER TABLE organizations
  ADD CONSTRAINT organizations_plan_check CHECK (plan IN ('free', 'team', 'enterprise'));
ALTER TABLE organization_members
  ADD CONSTRAINT organization_members_role_check CHECK (role IN ('owner', 'admin', 'member'));
ALTER TABLE credits
  ADD CONSTRAINT credits_type_check CHECK (type IN ('purchase', 'usage', 'refund', 'bonus'));
ALTER TABLE transactions
  ADD CONSTRAINT transactions_provider_check CHECK (provider IN ('stripe', 'paypal')),
  ADD CONSTRAINT transactions_type_check CHECK (type IN ('purchase', 'subscription', 'refund')),
  ADD CONSTRAINT transactions_status_check CHECK (status IN ('pending', 'completed', 'failed', 'refunded'));
ALTER TABLE subscriptions
  ADD CONSTRAINT subscriptions_provider_check CHECK (provider IN ('stripe', 'paypal')),
  ADD CONSTRAINT subscriptions_tier_check CHECK (tier IN ('light', 'standard', 'advanced', 'premium')),
  ADD CONSTRAINT subscriptions_status_check CHECK (status IN ('active', 'canceled', 'expired', 'past_due'));
ALTER TABLE javari_projects
  ADD CONSTRAINT javari_projects_status_check CHECK (status IN ('active', 'archived', 'completed'));
ALTER TABLE javari_conversations
  ADD CONSTRAINT javari_conversations_provider_check CHECK (provider IN ('openai', 'anthropic', 'google', 'perplexity'));
ALTER TABLE app_catalog
  ADD CONSTRAINT app_catalog_status_check CHECK (status IN ('active', 'beta', 'maintenance', 'deprecated'));
ALTER TABLE first_responders
  ADD CONSTRAINT first_responders_role_check CHECK (role IN ('firefighter', 'police', 'ems', 'dispatcher'));
