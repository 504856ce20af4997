CREATE TABLE games_catalog (
  id UUID PRIMARY KEY DEFAULT extensions.uuid_generate_v4(),
  slug VARCHAR(100) UNIQUE NOT NULL,
  name VARCHAR(200) NOT NULL,
  description TEXT,
  category VARCHAR(50) NOT NULL,
  thumbnail_url TEXT,
  is_premium BOOLEAN DEFAULT false,
  credit_cost INTEGER DEFAULT 0,
  rating DECIMAL(3,2),
  play_count INTEGER DEFAULT 0,
  created_at TIMESTAMPTZ DEFAULT now()
);

CREATE INDEX idx_games_category ON games_catalog (category);
CREATE INDEX idx_games_premium ON games_catalog (is_premium);
