-- The morning report: made once a day, and sent through each channel once. A message of the kind `report` has no ticket; its text is
-- made of the stored report.
CREATE TABLE engine.reports (
  -- by the clock of the time zone that the setting notifications names
  day date PRIMARY KEY,
  report jsonb NOT NULL,
  -- when it was due; it was made later if no scheduler or no worker was alive then
  due_at timestamptz NOT NULL,
  made_at timestamptz NOT NULL DEFAULT engine.now()
);
REVOKE ALL ON engine.reports FROM PUBLIC, anon, authenticated, service_role;
GRANT SELECT, INSERT, UPDATE, DELETE ON engine.reports TO service_role;

ALTER TABLE bot_notifications DROP CONSTRAINT bot_notifications_kind_check;
ALTER TABLE bot_notifications
  ADD CONSTRAINT bot_notifications_kind_check CHECK (kind IN ('ticket', 'comment', 'group', 'report')),
  -- the day of engine.reports that it sends
  ADD COLUMN report_day date,
  ADD CONSTRAINT bot_notifications_report_check CHECK ((kind = 'report') = (report_day IS NOT NULL));
CREATE UNIQUE INDEX idx_notifications_report ON bot_notifications (channel, report_day) WHERE report_day IS NOT NULL;

-- A report counts these rows by time.
CREATE INDEX idx_notifications_created ON bot_notifications (created_at);
CREATE INDEX idx_tickets_created ON bot_tickets (created_at);
CREATE INDEX idx_tickets_ended ON bot_tickets (resolved_at) WHERE resolved_at IS NOT NULL;
CREATE INDEX idx_tickets_respond_by ON bot_tickets (respond_by) WHERE respond_by IS NOT NULL;

SELECT engine.let_checks_read();
