-- The key of a report is the time at which it was due. The day alone is no key: after a change of the zone in the settings, a day with
-- the same date may begin, and its morning has a report of its own.
ALTER TABLE engine.reports
  -- the zone of the settings by which it was made; NULL in reports that are older than this column
  ADD COLUMN timezone text,
  DROP CONSTRAINT reports_pkey,
  ADD CONSTRAINT reports_pkey PRIMARY KEY (due_at),
  ADD CONSTRAINT reports_day_key UNIQUE (day, timezone);

ALTER TABLE bot_notifications
  -- due_at of engine.reports
  ADD COLUMN report_due_at timestamptz;
UPDATE bot_notifications n
SET report_due_at = coalesce((SELECT r.due_at FROM engine.reports r WHERE r.day = n.report_day), n.report_day::timestamp AT TIME ZONE 'UTC')
WHERE n.report_day IS NOT NULL;
DROP INDEX idx_notifications_report;
ALTER TABLE bot_notifications
  DROP CONSTRAINT bot_notifications_report_check,
  ADD CONSTRAINT bot_notifications_report_check
    CHECK ((kind = 'report') = (report_due_at IS NOT NULL) AND (report_due_at IS NULL) = (report_day IS NULL));
CREATE UNIQUE INDEX idx_notifications_report ON bot_notifications (channel, report_due_at) WHERE report_due_at IS NOT NULL;
