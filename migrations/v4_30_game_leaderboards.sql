CREATE TABLE game_leaderboards (
  id UUID PRIMARY KEY DEFAULT extensions.uuid_generate_v4(),
  game_id UUID REFERENCES games_catalog(id) ON DELETE CASCADE,
  user_id UUID REFERENCES profiles(id) ON DELETE CASCADE,
  score INTEGER NOT NULL,
  rank INTEGER,
  achieved_at TIMESTAMPTZ NOT NULL,
  created_at TIMESTAMPTZ DEFAULT now(),
  UNIQUE (game_id, user_id)
);

CREATE INDEX idx_leaderboard_game ON game_leaderboards (game_id, score DESC);
