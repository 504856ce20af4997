CREATE TABLE tools_results (
  id UUID PRIMARY KEY DEFAULT extensions.uuid_generate_v4(),
  user_id UUID REFERENCES profiles(id) ON DELETE CASCADE,
  tool_id UUID REFERENCES tools_catalog(id) ON DELETE CASCADE,
  input_data JSONB,
  output_data JSONB,
  output_url TEXT,
  created_at TIMESTAMPTZ DEFAULT now()
);

CREATE INDEX idx_results_user ON tools_results (user_id, created_at DESC);
