CREATE TABLE javari_conversations (
  id UUID PRIMARY KEY DEFAULT extensions.uuid_generate_v4(),
  user_id UUID REFERENCES profiles(id) ON DELETE CASCADE,
  project_id UUID REFERENCES javari_projects(id) ON DELETE SET NULL,
  provider VARCHAR(20) NOT NULL,
  model VARCHAR(50) NOT NULL,
  messages JSONB NOT NULL,
  response TEXT,
  tokens_used INTEGER,
  cost_cents INTEGER,
  created_at TIMESTAMPTZ DEFAULT now()
);

CREATE INDEX idx_conversations_user ON javari_conversations (user_id, created_at DESC);
CREATE INDEX idx_conversations_project ON javari_conversations (project_id);
