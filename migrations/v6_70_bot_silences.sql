CREATE TABLE bot_silences (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  bot_id uuid REFERENCES bots(id) ON DELETE CASCADE,
  component text,
  category text,
  fingerprint text,
  owner text NOT NULL,
  reason text NOT NULL CHECK (btrim(reason) <> ''),
  until_resolved boolean NOT NULL DEFAULT false,
  expires_at timestamptz,
  ended_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT bot_silences_target_check CHECK (num_nonnulls(bot_id, component, category, fingerprint) > 0),
  CONSTRAINT bot_silences_end_check CHECK (until_resolved OR expires_at IS NOT NULL)
);
CREATE INDEX idx_silences_bot ON bot_silences (bot_id);
ALTER TABLE bot_silences ENABLE ROW LEVEL SECURITY;
