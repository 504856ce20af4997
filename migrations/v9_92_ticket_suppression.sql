-- Tickets that say that their problem stands behind another one: the timer looks whether that has ended.
CREATE INDEX idx_tickets_suppressed ON bot_tickets (fingerprint) WHERE metadata ? 'suppressed_since';
