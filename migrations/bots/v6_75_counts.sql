-- Counts, amounts and measurements are not below zero. NOT VALID: an old platform may have such rows, and they must not
-- stop its migration. New rows are checked.
DO $$
DECLARE
  c record;
BEGIN
  FOR c IN SELECT * FROM (VALUES
    ('bots', 'total_runs'), ('bots', 'successful_runs'), ('bots', 'failed_runs')
  ) AS counts (tab, col) LOOP
    EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I CHECK (%I >= 0) NOT VALID', c.tab,
                   c.tab || '_' || c.col || '_check', c.col);
  END LOOP;
END
$$;
