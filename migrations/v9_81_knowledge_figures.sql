-- Refuses figures that no count can have. Rows that already have such figures keep them, and their other columns can be
-- changed. What the engine itself writes is counted from the ledger.
CREATE FUNCTION engine.impossible_figures() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = 'bot_knowledge',
    MESSAGE = 'times_applied and times_successful may not be below zero, and success_rate is a percentage',
    HINT = 'leave the three out: Roundsman counts them';
END
$$;
REVOKE ALL ON FUNCTION engine.impossible_figures() FROM PUBLIC;
CREATE TRIGGER possible_figures BEFORE INSERT ON bot_knowledge FOR EACH ROW
  WHEN (NEW.times_applied < 0 OR NEW.times_successful < 0 OR NEW.success_rate NOT BETWEEN 0 AND 100)
  EXECUTE FUNCTION engine.impossible_figures();
CREATE TRIGGER possible_figures_changed BEFORE UPDATE OF times_applied, times_successful, success_rate ON bot_knowledge FOR EACH ROW
  WHEN ((NEW.times_applied < 0 OR NEW.times_successful < 0 OR NEW.success_rate NOT BETWEEN 0 AND 100)
        AND (NEW.times_applied, NEW.times_successful, NEW.success_rate)
          IS DISTINCT FROM (OLD.times_applied, OLD.times_successful, OLD.success_rate))
  EXECUTE FUNCTION engine.impossible_figures();
