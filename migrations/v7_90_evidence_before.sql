-- Checks that now count events had actions and decisions to judge, recorded when whole windows were compared. No verdict
-- on these would be reliable, so they are closed. A problem that a person resolved within the last day is not opened
-- again by events from before that.
DO $$
DECLARE
  counting record;
BEGIN
  FOR counting IN
    SELECT b.id, c.name FROM bots b JOIN (VALUES
      ('sentinel-api', 'server-errors'), ('sentinel-api', 'missing-paths'), ('sentinel-api', 'latency'),
      ('sentinel-api', 'rate-limited'), ('conductor', 'success-rate'), ('conductor', 'no-checks')) c (bot, name)
      ON b.api_endpoint IN ('/api/bots/' || c.bot, 'bot:' || c.bot)
  LOOP
    UPDATE bot_actions a
    SET state = 'undecided', success = false, settled_at = engine.now(), error_message = 'it was to be judged by events from before it'
    FROM bot_finding_states s
    WHERE s.bot_id = counting.id AND s.check_name = counting.name AND a.fingerprint = s.fingerprint
      AND a.state IN ('applied', 'verified');
    UPDATE bot_decisions d SET outcome = 'undecided', settled_at = engine.now()
    FROM bot_finding_states s
    WHERE s.bot_id = counting.id AND s.check_name = counting.name AND d.fingerprint = s.fingerprint AND d.outcome = 'pending';
    UPDATE bot_finding_states s SET cutoff_at = t.resolved_at
    FROM (SELECT fingerprint, max(resolved_at) AS resolved_at FROM bot_tickets
          WHERE bot_id = counting.id AND status = 'resolved' AND resolved_by <> 'roundsman'
            AND resolved_at > engine.now() - interval '24 hours' GROUP BY fingerprint) t
    WHERE s.bot_id = counting.id AND s.check_name = counting.name AND s.fingerprint = t.fingerprint;
  END LOOP;
END
$$;
