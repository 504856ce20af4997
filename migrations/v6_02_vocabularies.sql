-- The values that the documented schema lists in comments. If an adopted database has a check of the same name, it is
-- the same check: adoption has compared them.
ALTER TABLE profiles
  DROP CONSTRAINT IF EXISTS profiles_role_check,
  DROP CONSTRAINT IF EXISTS profiles_subscription_tier_check,
  DROP CONSTRAINT IF EXISTS profiles_subscription_status_check,
  ADD CONSTRAINT profiles_role_check CHECK (role IN ('user', 'admin', 'owner')),
  ADD CONSTRAINT profiles_subscription_tier_check CHECK (subscription_tier IN ('light', 'standard', 'advanced', 'premium')),
  ADD CONSTRAINT profiles_subscription_status_check CHECK (subscription_status IN ('active', 'canceled', 'expired'));
ALTER TABLE organizations
  DROP CONSTRAINT IF EXISTS organizations_plan_check,
  ADD CONSTRAINT organizations_plan_check CHECK (plan IN ('free', 'team', 'enterprise'));
ALTER TABLE organization_members
  DROP CONSTRAINT IF EXISTS organization_members_role_check,
  ADD CONSTRAINT organization_members_role_check CHECK (role IN ('owner', 'admin', 'member'));
ALTER TABLE credits
  DROP CONSTRAINT IF EXISTS credits_type_check,
  ADD CONSTRAINT credits_type_check CHECK (type IN ('purchase', 'usage', 'refund', 'bonus'));
ALTER TABLE transactions
  DROP CONSTRAINT IF EXISTS transactions_provider_check,
  DROP CONSTRAINT IF EXISTS transactions_type_check,
  DROP CONSTRAINT IF EXISTS transactions_status_check,
  ADD CONSTRAINT transactions_provider_check CHECK (provider IN ('stripe', 'paypal')),
  ADD CONSTRAINT transactions_type_check CHECK (type IN ('purchase', 'subscription', 'refund')),
  ADD CONSTRAINT transactions_status_check CHECK (status IN ('pending', 'completed', 'failed', 'refunded'));
ALTER TABLE subscriptions
  DROP CONSTRAINT IF EXISTS subscriptions_provider_check,
  DROP CONSTRAINT IF EXISTS subscriptions_tier_check,
  DROP CONSTRAINT IF EXISTS subscriptions_status_check,
  ADD CONSTRAINT subscriptions_provider_check CHECK (provider IN ('stripe', 'paypal')),
  ADD CONSTRAINT subscriptions_tier_check CHECK (tier IN ('light', 'standard', 'advanced', 'premium')),
  ADD CONSTRAINT subscriptions_status_check CHECK (status IN ('active', 'canceled', 'expired', 'past_due'));
ALTER TABLE javari_projects
  DROP CONSTRAINT IF EXISTS javari_projects_status_check,
  ADD CONSTRAINT javari_projects_status_check CHECK (status IN ('active', 'archived', 'completed'));
ALTER TABLE javari_conversations
  DROP CONSTRAINT IF EXISTS javari_conversations_provider_check,
  ADD CONSTRAINT javari_conversations_provider_check CHECK (provider IN ('openai', 'anthropic', 'google', 'perplexity'));
ALTER TABLE app_catalog
  DROP CONSTRAINT IF EXISTS app_catalog_status_check,
  ADD CONSTRAINT app_catalog_status_check CHECK (status IN ('active', 'beta', 'maintenance', 'deprecated'));
ALTER TABLE first_responders
  DROP CONSTRAINT IF EXISTS first_responders_role_check,
  ADD CONSTRAINT first_responders_role_check CHECK (role IN ('firefighter', 'police', 'ems', 'dispatcher'));
