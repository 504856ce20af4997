CREATE TABLE app_usage (
  id UUID PRIMARY KEY DEFAULT extensions.uuid_generate_v4(),
  user_id UUID REFERENCES profiles(id) ON DELETE CASCADE,
  app_id UUID REFERENCES app_catalog(id) ON DELETE CASCADE,
  credits_used INTEGER NOT NULL,
  execution_time_ms INTEGER,
  success BOOLEAN NOT NULL,
  error_message TEXT,
  created_at TIMESTAMPTZ DEFAULT now()
);

CREATE INDEX idx_usage_user ON app_usage (user_id, created_at DESC);
CREATE INDEX idx_usage_app ON app_usage (app_id, created_at DESC);
