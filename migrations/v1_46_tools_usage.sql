CREATE TABLE tools_usage (
  id UUID PRIMARY KEY DEFAULT extensions.uuid_generate_v4(),
  user_id UUID REFERENCES profiles(id) ON DELETE CASCADE,
  tool_id UUID REFERENCES tools_catalog(id) ON DELETE CASCADE,
  credits_used INTEGER NOT NULL,
  created_at TIMESTAMPTZ DEFAULT now()
);

CREATE INDEX idx_tools_usage_user ON tools_usage (user_id, created_at DESC);
