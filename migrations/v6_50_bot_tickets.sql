ALTER TABLE bot_tickets
  ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  ADD COLUMN fingerprint text NOT NULL DEFAULT '',
  ADD COLUMN occurrences int NOT NULL DEFAULT 1 CHECK (occurrences >= 1),
  ADD COLUMN respond_by timestamptz,
  ADD COLUMN acknowledged_at timestamptz,
  ADD COLUMN snoozed_until timestamptz,
  ADD COLUMN resolved_by text,
  ADD COLUMN cure_knowledge_id uuid REFERENCES bot_knowledge(id) ON DELETE SET NULL,
  ALTER COLUMN status SET NOT NULL,
  ADD CONSTRAINT bot_tickets_severity_check CHECK
    (severity IN ('critical', 'high', 'medium', 'low', 'info')),
  ADD CONSTRAINT bot_tickets_status_check CHECK
    (status IN ('open', 'assigned', 'resolved', 'closed')),
  -- an open ticket is assigned to no person
  ADD CONSTRAINT bot_tickets_assigned_check CHECK
    (CASE status WHEN 'open' THEN assigned_to IS NULL WHEN 'assigned' THEN assigned_to IS NOT NULL ELSE true END),
  ADD CONSTRAINT bot_tickets_resolved_check CHECK
    ((status IN ('resolved', 'closed')) = (resolved_at IS NOT NULL)
     AND (status <> 'resolved' OR resolution_notes IS NOT NULL));

-- Tickets that were there before the engine get the fingerprint of their finding, or one of their own without a finding.
ALTER TABLE bot_tickets ALTER COLUMN fingerprint TYPE text USING 'adopted-' || coalesce(finding_id, id);
ALTER TABLE bot_tickets ALTER COLUMN fingerprint DROP DEFAULT;

CREATE UNIQUE INDEX idx_tickets_open ON bot_tickets (bot_id, fingerprint)
  WHERE status IN ('open', 'assigned');
CREATE INDEX idx_tickets_finding ON bot_tickets (finding_id);
CREATE INDEX idx_tickets_fingerprint ON bot_tickets (fingerprint, resolved_at DESC);
CREATE INDEX idx_tickets_cure ON bot_tickets (cure_knowledge_id) WHERE cure_knowledge_id IS NOT NULL;
CREATE INDEX idx_tickets_flapping ON bot_tickets (fingerprint) WHERE metadata ? 'flapping_since';

CREATE TABLE bot_ticket_events (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  ticket_id uuid NOT NULL REFERENCES bot_tickets(id) ON DELETE CASCADE,
  event text NOT NULL CHECK (event IN
    ('opened', 'seen', 'assigned', 'acknowledged', 'snoozed', 'noted', 'resolved', 'reopened', 'closed')),
  actor text NOT NULL,
  detail jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_ticket_events_ticket ON bot_ticket_events (ticket_id, id);
ALTER TABLE bot_ticket_events ENABLE ROW LEVEL SECURITY;
