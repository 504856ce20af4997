CREATE TABLE credits (
  id UUID PRIMARY KEY DEFAULT extensions.uuid_generate_v4(),
  user_id UUID REFERENCES profiles(id) ON DELETE CASCADE,
  amount INTEGER NOT NULL,
  type VARCHAR(20) NOT NULL,
  description TEXT,
  balance_after INTEGER NOT NULL,
  metadata JSONB,
  created_at TIMESTAMPTZ DEFAULT now()
);

CREATE INDEX idx_credits_user ON credits (user_id, created_at DESC);

CREATE FUNCTION get_user_credits(user_uuid UUID) RETURNS INTEGER
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(sum(amount), 0)::INTEGER FROM public.credits WHERE user_id = user_uuid;
$$;
