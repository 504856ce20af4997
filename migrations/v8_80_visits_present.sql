-- Who is in a space now: asked for by each avatar that enters, however many have been there.
CREATE INDEX idx_visits_present ON space_visits (space_id) WHERE exited_at IS NULL;
