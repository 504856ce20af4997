-- A leaderboard keeps the best score of each player and when it was first reached. `rank` caches the order by score. A
-- new score sets it to NULL until the next engine.refresh_ranks.
CREATE FUNCTION engine.guard_leaderboard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.rank := NULL;
    RETURN NEW;
  END IF;
  IF NEW.score < OLD.score THEN
    RAISE check_violation USING
      MESSAGE = format('game_leaderboards.score keeps the best: %s does not replace %s', NEW.score, OLD.score),
      TABLE = 'game_leaderboards', COLUMN = 'score', CONSTRAINT = 'game_leaderboards_best_score';
  END IF;
  IF (NEW.game_id, NEW.user_id) IS DISTINCT FROM (OLD.game_id, OLD.user_id) THEN
    RAISE check_violation USING MESSAGE = 'a score keeps its game and its user',
      TABLE = 'game_leaderboards', CONSTRAINT = 'game_leaderboards_identity';
  END IF;
  IF NEW.score > OLD.score THEN NEW.rank := NULL;
  ELSE NEW.achieved_at := least(NEW.achieved_at, OLD.achieved_at);
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER leaderboard_guarded_new BEFORE INSERT ON game_leaderboards FOR EACH ROW
  WHEN (NEW.rank IS NOT NULL) EXECUTE FUNCTION engine.guard_leaderboard();
CREATE TRIGGER leaderboard_guarded BEFORE UPDATE ON game_leaderboards
  FOR EACH ROW EXECUTE FUNCTION engine.guard_leaderboard();

-- Computes the ranks of one game from its scores. Equal scores have the same rank, and the ranks after them are skipped
-- (1, 2, 2, 4). Returns how many rows it changed. It runs once at a time for each game, because two would deadlock on
-- its rows.
-- service_role may execute it.
CREATE FUNCTION engine.refresh_ranks(p_game uuid) RETURNS integer LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_changed integer;
BEGIN
  PERFORM FROM public.games_catalog WHERE id = p_game FOR NO KEY UPDATE;
  UPDATE public.game_leaderboards l SET rank = o.rank
  FROM (
    SELECT id, score, rank() OVER (ORDER BY score DESC) AS rank
    FROM public.game_leaderboards WHERE game_id = p_game
  ) o
  -- A score that rose meanwhile is left for the next time.
  WHERE l.id = o.id AND l.score = o.score AND l.rank IS DISTINCT FROM o.rank;
  GET DIAGNOSTICS v_changed = ROW_COUNT;
  RETURN v_changed;
END
$$;
REVOKE EXECUTE ON FUNCTION engine.guard_leaderboard(), engine.refresh_ranks(uuid) FROM PUBLIC, anon, authenticated;
GRANT EXECUTE ON FUNCTION engine.refresh_ranks(uuid) TO service_role;
