CREATE TABLE app_catalog (
  id UUID PRIMARY KEY DEFAULT extensions.uuid_generate_v4(),
  slug VARCHAR(100) UNIQUE NOT NULL,
  name VARCHAR(200) NOT NULL,
  description TEXT,
  category VARCHAR(50) NOT NULL,
  icon_url TEXT,
  credit_cost INTEGER NOT NULL,
  status VARCHAR(20) DEFAULT 'active',
  deployment_url TEXT,
  repository_url TEXT,
  created_at TIMESTAMPTZ DEFAULT now(),
  updated_at TIMESTAMPTZ DEFAULT now()
);

CREATE INDEX idx_apps_category ON app_catalog (category);
CREATE INDEX idx_apps_status ON app_catalog (status);
