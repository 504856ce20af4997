-- What asynchronous remote bots report: a row for each request that asks for a report, from before it is sent.
CREATE TABLE engine.remote_reports (
  -- `webhook-id` of the request and of its report
  request_id text PRIMARY KEY CHECK (length(request_id) <= 100),
  -- No foreign keys: an insert would wait for a remedy that has locked the run's row. The job tidy removes old rows.
  bot_id uuid NOT NULL,
  execution_id uuid NOT NULL,
  attempt int NOT NULL,
  asked_at timestamptz NOT NULL DEFAULT engine.now(),
  -- a report is taken until then
  lease_until timestamptz NOT NULL,
  -- the remote bot has taken the request on: an interrupted attempt that begins again does not send it twice
  accepted_at timestamptz,
  -- the check no longer waits for it
  given_up_at timestamptz,
  received_at timestamptz,
  -- of the body as it came: a report that arrives twice is recognised by it, also when the body was removed
  body_sha256 text,
  -- JSON without the values of secrets; removed when the bot is asked again
  body text,
  CHECK ((received_at IS NULL) = (body_sha256 IS NULL)),
  CHECK (body IS NULL OR received_at IS NOT NULL)
);
CREATE INDEX IF NOT EXISTS idx_remote_reports_bodies ON engine.remote_reports (bot_id) WHERE body IS NOT NULL;
REVOKE ALL ON engine.remote_reports FROM PUBLIC, anon, authenticated, service_role;
GRANT SELECT, INSERT, UPDATE, DELETE ON engine.remote_reports TO service_role;
SELECT engine.let_checks_read();
