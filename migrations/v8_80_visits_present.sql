-- For the avatars that are in a space now: each avatar that enters asks for them, and old visits must not slow that
-- down.
CREATE INDEX idx_visits_present ON space_visits (space_id) WHERE exited_at IS NULL;
