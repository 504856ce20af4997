CREATE TABLE organizations (
  id UUID PRIMARY KEY DEFAULT extensions.uuid_generate_v4(),
  name VARCHAR(200) NOT NULL,
  owner_id UUID REFERENCES profiles(id) ON DELETE SET NULL,
  plan VARCHAR(20) DEFAULT 'free',
  credits_pool INTEGER DEFAULT 0,
  max_members INTEGER DEFAULT 5,
  created_at TIMESTAMPTZ DEFAULT now(),
  updated_at TIMESTAMPTZ DEFAULT now()
);
