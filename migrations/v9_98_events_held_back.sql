-- Events that maintenance holds back have a reason and an index of their own, because each second processes look for the
-- other ones.
DROP INDEX idx_ticket_events_unrouted;
CREATE INDEX idx_ticket_events_unrouted ON bot_ticket_events (id) WHERE routed_at IS NULL AND unsent_reason IS NULL;
CREATE INDEX idx_ticket_events_held_back ON bot_ticket_events (id) WHERE routed_at IS NULL AND unsent_reason IS NOT NULL;

-- Inserting into an identity column needs no right on its sequence.
REVOKE ALL ON SEQUENCE bot_notifications_position_seq FROM PUBLIC, anon, authenticated, service_role;

-- For deleting a ticket: the channels that refer to it are looked for.
CREATE INDEX idx_channels_ticket ON engine.channels (ticket_id) WHERE ticket_id IS NOT NULL;
