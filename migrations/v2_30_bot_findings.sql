CREATE TABLE bot_findings (
  id UUID PRIMARY KEY DEFAULT extensions.uuid_generate_v4(),
  bot_id UUID REFERENCES bots(id) ON DELETE CASCADE,
  execution_id UUID REFERENCES bot_executions(id) ON DELETE CASCADE,
  severity VARCHAR(20) NOT NULL,
  category VARCHAR(50) NOT NULL,
  title VARCHAR(200) NOT NULL,
  description TEXT,
  affected_component VARCHAR(100),
  detected_at TIMESTAMPTZ DEFAULT now(),
  resolved_at TIMESTAMPTZ,
  resolution_method VARCHAR(100),
  metadata JSONB
);

CREATE INDEX idx_findings_bot ON bot_findings (bot_id, detected_at DESC);
CREATE INDEX idx_findings_severity ON bot_findings (severity, resolved_at);
