-- Every user may read, as with apps. Clients cannot write rating and play_count, which are counted.
CREATE POLICY "Anyone sees games" ON games_catalog FOR SELECT TO anon, authenticated USING (true);
CREATE POLICY "Admins add games" ON games_catalog FOR INSERT TO authenticated
  WITH CHECK ((SELECT private.is_admin()));
CREATE POLICY "Admins change games" ON games_catalog FOR UPDATE TO authenticated
  USING ((SELECT private.is_admin())) WITH CHECK ((SELECT private.is_admin()));
CREATE POLICY "The owner deletes games" ON games_catalog FOR DELETE TO authenticated
  USING ((SELECT private.is_owner()));
GRANT SELECT ON games_catalog TO anon;
GRANT SELECT, INSERT (slug, name, description, category, thumbnail_url, is_premium, credit_cost),
  UPDATE (slug, name, description, category, thumbnail_url, is_premium, credit_cost), DELETE ON games_catalog
  TO authenticated;

-- The player's client writes the score of a session, so it proves nothing; ranks come from game_leaderboards.
CREATE POLICY "Users see their own game sessions, admins all" ON game_sessions FOR SELECT TO authenticated
  USING (user_id = (SELECT auth.uid()) OR (SELECT private.is_admin()));
CREATE POLICY "Users begin game sessions of their own" ON game_sessions FOR INSERT TO authenticated
  WITH CHECK (user_id = (SELECT auth.uid()));
CREATE POLICY "Users end their own game sessions" ON game_sessions FOR UPDATE TO authenticated
  USING (user_id = (SELECT auth.uid())) WITH CHECK (user_id = (SELECT auth.uid()));
GRANT SELECT, INSERT (user_id, game_id, started_at), UPDATE (ended_at, duration_seconds, score, completed)
  ON game_sessions TO authenticated;

CREATE POLICY "Anyone sees leaderboards" ON game_leaderboards FOR SELECT TO anon, authenticated USING (true);
GRANT SELECT ON game_leaderboards TO anon, authenticated;
