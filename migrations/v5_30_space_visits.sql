CREATE TABLE space_visits (
  id UUID PRIMARY KEY DEFAULT extensions.uuid_generate_v4(),
  avatar_id UUID REFERENCES avatars(id) ON DELETE CASCADE,
  space_id UUID REFERENCES virtual_spaces(id) ON DELETE CASCADE,
  entered_at TIMESTAMPTZ NOT NULL,
  exited_at TIMESTAMPTZ,
  duration_seconds INTEGER
);

CREATE INDEX idx_visits_space ON space_visits (space_id, entered_at DESC);
