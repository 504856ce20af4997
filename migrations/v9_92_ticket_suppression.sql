-- For tickets whose problem is suppressed by another one: a timer looks whether that has ended.
CREATE INDEX idx_tickets_suppressed ON bot_tickets (fingerprint) WHERE metadata ? 'suppressed_since';
