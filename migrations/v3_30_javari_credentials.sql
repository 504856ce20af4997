CREATE TABLE javari_credentials (
  id UUID PRIMARY KEY DEFAULT extensions.uuid_generate_v4(),
  user_id UUID REFERENCES profiles(id) ON DELETE CASCADE,
  service VARCHAR(50) NOT NULL,
  encrypted_credentials TEXT NOT NULL,
  encryption_key_id VARCHAR(50) NOT NULL,
  created_at TIMESTAMPTZ DEFAULT now(),
  updated_at TIMESTAMPTZ DEFAULT now(),
  last_used_at TIMESTAMPTZ,
  UNIQUE (user_id, service)
);

CREATE INDEX idx_credentials_user ON javari_credentials (user_id);
