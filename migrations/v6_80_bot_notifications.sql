-- Messages that are to be sent. A row is inserted in the transaction that causes it, and sent afterwards.
CREATE TABLE bot_notifications (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  ticket_id uuid REFERENCES bot_tickets(id) ON DELETE CASCADE,
  channel text NOT NULL,
  payload jsonb NOT NULL,
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'sent', 'failed')),
  attempts int NOT NULL DEFAULT 0,
  send_after timestamptz NOT NULL DEFAULT now(),
  sent_at timestamptz,
  error_message text,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_notifications_pending ON bot_notifications (send_after) WHERE status = 'pending';
CREATE INDEX idx_notifications_ticket ON bot_notifications (ticket_id);
ALTER TABLE bot_notifications ENABLE ROW LEVEL SECURITY;

CREATE TABLE bot_metrics (
  bot_id uuid NOT NULL REFERENCES bots(id) ON DELETE CASCADE,
  day date NOT NULL,
  runs int NOT NULL DEFAULT 0,
  successful_runs int NOT NULL DEFAULT 0,
  failed_runs int NOT NULL DEFAULT 0,
  findings int NOT NULL DEFAULT 0,
  actions int NOT NULL DEFAULT 0,
  tickets int NOT NULL DEFAULT 0,
  execution_time_ms bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (bot_id, day)
);
ALTER TABLE bot_metrics ENABLE ROW LEVEL SECURITY;
