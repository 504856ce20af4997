CREATE TABLE javari_learning (
  id UUID PRIMARY KEY DEFAULT extensions.uuid_generate_v4(),
  user_id UUID REFERENCES profiles(id) ON DELETE CASCADE,
  conversation_type VARCHAR(50) NOT NULL,
  message_count INTEGER,
  avg_message_length INTEGER,
  response_quality_score DECIMAL(3,2),
  provider VARCHAR(20),
  model VARCHAR(50),
  tokens_used INTEGER,
  cost_cents INTEGER,
  patterns_detected JSONB,
  created_at TIMESTAMPTZ DEFAULT now()
);

CREATE INDEX idx_learning_user ON javari_learning (user_id);
CREATE INDEX idx_learning_type ON javari_learning (conversation_type);
