CREATE TABLE support_groups (
  id UUID PRIMARY KEY DEFAULT extensions.uuid_generate_v4(),
  name VARCHAR(200) NOT NULL,
  module VARCHAR(50) NOT NULL,
  is_private BOOLEAN DEFAULT true,
  max_members INTEGER DEFAULT 20,
  created_by UUID REFERENCES profiles(id) ON DELETE SET NULL,
  created_at TIMESTAMPTZ DEFAULT now()
);
