-- A foreign key without an index reads its whole table for every parent that is deleted.
CREATE INDEX IF NOT EXISTS idx_tickets_bot ON bot_tickets (bot_id);
