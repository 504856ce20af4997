CREATE TABLE bot_actions (
  id UUID PRIMARY KEY DEFAULT extensions.uuid_generate_v4(),
  bot_id UUID REFERENCES bots(id) ON DELETE CASCADE,
  finding_id UUID REFERENCES bot_findings(id) ON DELETE SET NULL,
  action_type VARCHAR(50) NOT NULL,
  action_description TEXT NOT NULL,
  success BOOLEAN NOT NULL,
  error_message TEXT,
  taken_at TIMESTAMPTZ DEFAULT now(),
  metadata JSONB
);

CREATE INDEX idx_actions_bot ON bot_actions (bot_id, taken_at DESC);
