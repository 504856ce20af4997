CREATE TABLE tools_catalog (
  id UUID PRIMARY KEY DEFAULT extensions.uuid_generate_v4(),
  app_id UUID REFERENCES app_catalog(id) ON DELETE CASCADE,
  slug VARCHAR(100) NOT NULL,
  name VARCHAR(200) NOT NULL,
  description TEXT,
  credit_cost INTEGER NOT NULL,
  created_at TIMESTAMPTZ DEFAULT now(),
  UNIQUE (app_id, slug)
);
