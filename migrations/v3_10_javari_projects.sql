CREATE TABLE javari_projects (
  id UUID PRIMARY KEY DEFAULT extensions.uuid_generate_v4(),
  user_id UUID REFERENCES profiles(id) ON DELETE CASCADE,
  name VARCHAR(200) NOT NULL,
  description TEXT,
  parent_project_id UUID REFERENCES javari_projects(id) ON DELETE CASCADE,
  status VARCHAR(20) DEFAULT 'active',
  metadata JSONB,
  created_at TIMESTAMPTZ DEFAULT now(),
  updated_at TIMESTAMPTZ DEFAULT now()
);

CREATE INDEX idx_projects_user ON javari_projects (user_id);
CREATE INDEX idx_projects_parent ON javari_projects (parent_project_id);
