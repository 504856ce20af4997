CREATE TABLE virtual_spaces (
  id UUID PRIMARY KEY DEFAULT extensions.uuid_generate_v4(),
  name VARCHAR(200) NOT NULL,
  type VARCHAR(50) NOT NULL,
  capacity INTEGER DEFAULT 100,
  owner_id UUID REFERENCES profiles(id) ON DELETE SET NULL,
  is_public BOOLEAN DEFAULT true,
  coordinates JSONB,
  metadata JSONB,
  created_at TIMESTAMPTZ DEFAULT now()
);
