CREATE TABLE bot_executions (
  id UUID PRIMARY KEY DEFAULT extensions.uuid_generate_v4(),
  bot_id UUID REFERENCES bots(id) ON DELETE CASCADE,
  status VARCHAR(20) NOT NULL,
  started_at TIMESTAMPTZ NOT NULL,
  completed_at TIMESTAMPTZ,
  execution_time_ms INTEGER,
  checks_performed INTEGER DEFAULT 0,
  issues_found INTEGER DEFAULT 0,
  actions_taken INTEGER DEFAULT 0,
  error_message TEXT,
  metadata JSONB,
  created_at TIMESTAMPTZ DEFAULT now()
);

CREATE INDEX idx_executions_bot ON bot_executions (bot_id, started_at DESC);
