-- Every decision asks when the solution of each candidate was last replaced. Without this index it reads all events of
-- the entry, and an entry that is promoted and edited again and again has many.
CREATE INDEX idx_knowledge_events_solution ON bot_knowledge_events (knowledge_id, created_at)
  WHERE event = 'edited' AND after ? 'solution';
