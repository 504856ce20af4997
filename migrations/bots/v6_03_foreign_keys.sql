-- Without an index on the referring column, PostgreSQL reads the whole referring table for each deleted parent row.
CREATE INDEX IF NOT EXISTS idx_tickets_bot ON bot_tickets (bot_id);
