-- For the functions that exist here (../v8_20_plans.sql). engine.claim and engine.start_runs are made later, by
-- v8_77_external_rows.sql.
DO $$
DECLARE
  f regprocedure;
BEGIN
  FOREACH f IN ARRAY ARRAY[
    'engine.bot_edited()', 'engine.run_let_go()', 'engine.is_suppressed(uuid)',
    'engine.waits_for_events(text, timestamptz)', 'engine.counted(uuid[])', 'engine.count_outcomes()',
    'engine.decisions_settled()', 'engine.knowledge_changed()', 'engine.healing_limit(text)',
    'engine.respond_within(text)', 'engine.keep_bot_history()', 'engine.keep_open_run()',
    'engine.keep_open_finding()']::regprocedure[] LOOP
    EXECUTE format('ALTER FUNCTION %s SET enable_seqscan = off', f);
  END LOOP;
END
$$;
