-- A report counts these rows by time.
CREATE INDEX idx_ticket_events_reopened ON bot_ticket_events (created_at) WHERE event = 'reopened';
