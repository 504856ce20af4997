-- A transaction locks entries of knowledge once, at its end, in the order of their ids, however many of its statements
-- write outcomes. Before, each trigger locked the entries of its own statement, and two transactions could deadlock: one
-- wrote actions of an entry and the other decisions of another. Entries are also locked for less time, which matters
-- because many runs heal by the same entry.
-- Until the end, two settings of the transaction contain their ids. When a savepoint is rolled back, so are they.

-- engine.entries_counted: entries whose ledger changed. engine.entries_weighed: entries of which only a decision was
-- settled.
CREATE FUNCTION engine.note_entries(p_setting text, p_ids uuid[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM set_config(p_setting, concat_ws(',', nullif(current_setting(p_setting, true), ''), array_to_string(p_ids, ',')), true);
END
$$;

CREATE OR REPLACE FUNCTION engine.count_outcomes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
  ids uuid[];
BEGIN
  IF TG_OP = 'INSERT' THEN
    -- An intent counts for nothing, but behind it the step before is not the last any more.
    SELECT array_agg(DISTINCT n.knowledge_id) INTO ids FROM written n
    WHERE n.knowledge_id IS NOT NULL AND (n.step > 0 OR n.state <> 'intent');
  ELSE
    SELECT array_agg(DISTINCT n.knowledge_id) INTO ids FROM written n JOIN replaced o USING (id)
    WHERE n.knowledge_id IS NOT NULL AND n.state IS DISTINCT FROM o.state;
  END IF;
  IF ids IS NOT NULL THEN
    PERFORM engine.note_entries('engine.entries_counted', ids);
  END IF;
  RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION engine.decisions_settled() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
  ids uuid[];
BEGIN
  SELECT array_agg(DISTINCT n.knowledge_id) INTO ids FROM written n JOIN replaced o USING (id)
  WHERE n.knowledge_id IS NOT NULL AND (n.outcome IS DISTINCT FROM o.outcome OR n.answer IS DISTINCT FROM o.answer);
  IF ids IS NOT NULL THEN
    PERFORM engine.note_entries('engine.entries_weighed', ids);
  END IF;
  RETURN NULL;
END
$$;

-- At the end of the transaction the trigger runs for each row that it wrote: the first call does all the work.
CREATE FUNCTION engine.write_entries() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
  v_counted uuid[] := string_to_array(nullif(current_setting('engine.entries_counted', true), ''), ',');
  v_weighed uuid[] := string_to_array(nullif(current_setting('engine.entries_weighed', true), ''), ',');
BEGIN
  IF v_counted IS NULL AND v_weighed IS NULL THEN
    RETURN NULL;
  END IF;
  PERFORM set_config('engine.entries_counted', '', true), set_config('engine.entries_weighed', '', true);
  -- Locks bot_knowledge by id. What the next statement counts is then what others have committed by now.
  PERFORM FROM public.bot_knowledge k WHERE k.id = ANY (v_counted || v_weighed) ORDER BY k.id FOR NO KEY UPDATE;
  UPDATE public.bot_knowledge k
  SET times_applied = c.times_applied, times_successful = c.times_successful, success_rate = c.success_rate,
      unjudged = true
  FROM engine.counted(v_counted) c WHERE k.id = c.knowledge_id;
  UPDATE public.bot_knowledge k SET unjudged = true WHERE k.id = ANY (v_weighed) AND NOT k.unjudged;
  RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION engine.note_entries(text, uuid[]), engine.write_entries() FROM PUBLIC;

CREATE CONSTRAINT TRIGGER write_new_entries AFTER INSERT ON bot_actions DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.knowledge_id IS NOT NULL AND (NEW.step > 0 OR NEW.state <> 'intent'))
  EXECUTE FUNCTION engine.write_entries();
CREATE CONSTRAINT TRIGGER write_entries AFTER UPDATE ON bot_actions DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.knowledge_id IS NOT NULL AND NEW.state IS DISTINCT FROM OLD.state)
  EXECUTE FUNCTION engine.write_entries();
CREATE CONSTRAINT TRIGGER write_entries AFTER UPDATE ON bot_decisions DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.knowledge_id IS NOT NULL AND (NEW.outcome IS DISTINCT FROM OLD.outcome OR NEW.answer IS DISTINCT FROM OLD.answer))
  EXECUTE FUNCTION engine.write_entries();
