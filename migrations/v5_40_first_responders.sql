CREATE TABLE first_responders (
  id UUID PRIMARY KEY DEFAULT extensions.uuid_generate_v4(),
  user_id UUID REFERENCES profiles(id) ON DELETE CASCADE,
  role VARCHAR(50) NOT NULL,
  agency VARCHAR(200),
  verified BOOLEAN DEFAULT false,
  verification_doc_url TEXT,
  created_at TIMESTAMPTZ DEFAULT now()
);
