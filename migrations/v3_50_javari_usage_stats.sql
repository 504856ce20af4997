CREATE TABLE javari_usage_stats (
  id UUID PRIMARY KEY DEFAULT extensions.uuid_generate_v4(),
  user_id UUID REFERENCES profiles(id) ON DELETE CASCADE,
  provider VARCHAR(20) NOT NULL,
  model VARCHAR(50) NOT NULL,
  input_tokens INTEGER,
  output_tokens INTEGER,
  total_tokens INTEGER,
  cost_cents INTEGER,
  success BOOLEAN NOT NULL,
  error_message TEXT,
  created_at TIMESTAMPTZ DEFAULT now()
);

CREATE INDEX idx_javari_usage_user ON javari_usage_stats (user_id, created_at DESC);
CREATE INDEX idx_usage_provider ON javari_usage_stats (provider);
