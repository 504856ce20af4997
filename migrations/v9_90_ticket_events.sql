-- New events of a ticket: it is merged into another one or separated again, the policy gives it to the next person or
-- reminds of it, its finding stops flapping or stops being suppressed.
ALTER TABLE bot_ticket_events DROP CONSTRAINT bot_ticket_events_event_check;
ALTER TABLE bot_ticket_events ADD CONSTRAINT bot_ticket_events_event_check CHECK (event IN
  ('opened', 'seen', 'assigned', 'unassigned', 'acknowledged', 'snoozed', 'woken', 'commented', 'noted', 'resolved',
   'reopened', 'closed', 'raised', 'lowered', 'rated', 'unrated', 'merged', 'unmerged', 'escalated', 'reminded',
   'flapping', 'flapping_ended', 'suppressed', 'suppression_ended', 'released'));

-- Each event is made into messages once. No person is told of events from before there were messages.
ALTER TABLE bot_ticket_events
  ADD COLUMN routed_at timestamptz,
  -- why no message was made of it; NULL if one was made, and while it waits
  ADD COLUMN unsent_reason text;
UPDATE bot_ticket_events SET routed_at = created_at, unsent_reason = 'it happened before messages were sent';
CREATE INDEX idx_ticket_events_unrouted ON bot_ticket_events (id) WHERE routed_at IS NULL;
