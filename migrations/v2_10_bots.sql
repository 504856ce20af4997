CREATE TABLE bots (
  id UUID PRIMARY KEY DEFAULT extensions.uuid_generate_v4(),
  name VARCHAR(50) UNIQUE NOT NULL,
  display_name VARCHAR(100) NOT NULL,
  description TEXT,
  schedule_cron VARCHAR(50) NOT NULL,
  api_endpoint VARCHAR(200) NOT NULL,
  status VARCHAR(20) DEFAULT 'active',
  last_execution_at TIMESTAMPTZ,
  next_execution_at TIMESTAMPTZ,
  total_runs INTEGER DEFAULT 0,
  successful_runs INTEGER DEFAULT 0,
  failed_runs INTEGER DEFAULT 0,
  avg_execution_time_ms INTEGER,
  created_at TIMESTAMPTZ DEFAULT now(),
  updated_at TIMESTAMPTZ DEFAULT now()
);

CREATE INDEX idx_bots_status ON bots (status);
