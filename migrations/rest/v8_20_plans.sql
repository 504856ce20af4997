-- For the functions that are made with the rest of the tables (../v8_20_plans.sql).
DO $$
DECLARE
  f regprocedure;
BEGIN
  FOREACH f IN ARRAY ARRAY[
    'engine.book_credits(uuid, int, text, text, text, jsonb)', 'engine.book_payment()', 'engine.guard_cached_credits()',
    'engine.place_credits()', 'engine.refresh_cached_credits(uuid)', 'engine.refuse_change()',
    'engine.guard_project_tree()', 'engine.refresh_ranks(uuid)', 'engine.fit_member_limit()',
    'engine.hold_member_limit()', 'public.get_user_credits(uuid)']::regprocedure[] LOOP
    EXECUTE format('ALTER FUNCTION %s SET enable_seqscan = off', f);
  END LOOP;
END
$$;

-- Lets checks read the new tables.
SELECT engine.let_checks_read();
