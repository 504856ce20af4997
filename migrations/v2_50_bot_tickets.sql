CREATE TABLE bot_tickets (
  id UUID PRIMARY KEY DEFAULT extensions.uuid_generate_v4(),
  bot_id UUID REFERENCES bots(id) ON DELETE CASCADE,
  finding_id UUID REFERENCES bot_findings(id) ON DELETE CASCADE,
  severity VARCHAR(20) NOT NULL,
  title VARCHAR(200) NOT NULL,
  description TEXT NOT NULL,
  status VARCHAR(20) DEFAULT 'open',
  assigned_to VARCHAR(50),
  created_at TIMESTAMPTZ DEFAULT now(),
  updated_at TIMESTAMPTZ DEFAULT now(),
  resolved_at TIMESTAMPTZ,
  resolution_notes TEXT,
  metadata JSONB
);

CREATE INDEX idx_tickets_status ON bot_tickets (status, severity);
