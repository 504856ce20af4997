CREATE TABLE bot_knowledge (
  id UUID PRIMARY KEY DEFAULT extensions.uuid_generate_v4(),
  category VARCHAR(50) NOT NULL,
  issue_pattern TEXT NOT NULL,
  solution TEXT NOT NULL,
  success_rate DECIMAL(5,2) DEFAULT 0.00,
  times_applied INTEGER DEFAULT 0,
  times_successful INTEGER DEFAULT 0,
  last_used_at TIMESTAMPTZ,
  created_at TIMESTAMPTZ DEFAULT now(),
  updated_at TIMESTAMPTZ DEFAULT now()
);

CREATE INDEX idx_knowledge_category ON bot_knowledge (category);
