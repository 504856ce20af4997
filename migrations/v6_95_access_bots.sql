-- Only admins, and only to read: the engine and its commands write what bots are and do.
DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY '{bots,bot_executions,bot_findings,bot_actions,bot_tickets,bot_knowledge,
      bot_finding_states,bot_ticket_events,bot_knowledge_autonomy,bot_knowledge_events,bot_decisions,
      bot_silences,bot_notifications,bot_metrics}'::text[] LOOP
    EXECUTE format('CREATE POLICY %I ON %I FOR SELECT TO authenticated USING ((SELECT private.is_admin()))',
                   'Admins see ' || replace(t, '_', ' '), t);
    EXECUTE format('GRANT SELECT ON %I TO authenticated', t);
  END LOOP;
END
$$;
