-- What maintenance holds back waits with a reason, and is looked for by itself: each second processes ask for the others.
DROP INDEX idx_ticket_events_unrouted;
CREATE INDEX idx_ticket_events_unrouted ON bot_ticket_events (id) WHERE routed_at IS NULL AND unsent_reason IS NULL;
CREATE INDEX idx_ticket_events_held_back ON bot_ticket_events (id) WHERE routed_at IS NULL AND unsent_reason IS NOT NULL;

-- An identity column needs no right on its sequence.
REVOKE ALL ON SEQUENCE bot_notifications_position_seq FROM PUBLIC, anon, authenticated, service_role;

-- What a ticket takes along when it goes is looked for by it.
CREATE INDEX idx_channels_ticket ON engine.channels (ticket_id) WHERE ticket_id IS NOT NULL;
