-- Users see only their own rows. They contain private content, so admins cannot read them.
CREATE POLICY "Users see their own projects" ON javari_projects FOR SELECT TO authenticated
  USING (user_id = (SELECT auth.uid()));
CREATE POLICY "Users begin projects of their own" ON javari_projects FOR INSERT TO authenticated
  WITH CHECK (user_id = (SELECT auth.uid()));
CREATE POLICY "Users change their own projects" ON javari_projects FOR UPDATE TO authenticated
  USING (user_id = (SELECT auth.uid())) WITH CHECK (user_id = (SELECT auth.uid()));
CREATE POLICY "Users delete their own projects" ON javari_projects FOR DELETE TO authenticated
  USING (user_id = (SELECT auth.uid()));
GRANT SELECT, INSERT (user_id, name, description, parent_project_id, status, metadata),
  UPDATE (name, description, parent_project_id, status, metadata), DELETE ON javari_projects TO authenticated;

-- A user must be able to see the project. The server writes response, tokens and cost.
CREATE POLICY "Users see their own conversations" ON javari_conversations FOR SELECT TO authenticated
  USING (user_id = (SELECT auth.uid()));
CREATE POLICY "Users begin conversations of their own" ON javari_conversations FOR INSERT TO authenticated
  WITH CHECK (user_id = (SELECT auth.uid())
              AND (project_id IS NULL OR project_id = ANY (ARRAY(SELECT id FROM javari_projects))));
CREATE POLICY "Users change their own conversations" ON javari_conversations FOR UPDATE TO authenticated
  USING (user_id = (SELECT auth.uid()))
  WITH CHECK (user_id = (SELECT auth.uid())
              AND (project_id IS NULL OR project_id = ANY (ARRAY(SELECT id FROM javari_projects))));
CREATE POLICY "Users delete their own conversations" ON javari_conversations FOR DELETE TO authenticated
  USING (user_id = (SELECT auth.uid()));
GRANT SELECT, INSERT (user_id, project_id, provider, model, messages), UPDATE (project_id, messages), DELETE
  ON javari_conversations TO authenticated;

-- A user sees that a credential exists and can revoke it. Only the server reads the keys.
CREATE POLICY "Users see their own credentials" ON javari_credentials FOR SELECT TO authenticated
  USING (user_id = (SELECT auth.uid()));
CREATE POLICY "Users revoke their own credentials" ON javari_credentials FOR DELETE TO authenticated
  USING (user_id = (SELECT auth.uid()));
GRANT SELECT (id, user_id, service, created_at, updated_at, last_used_at), DELETE ON javari_credentials
  TO authenticated;

CREATE POLICY "Users see what was learned from them, admins all" ON javari_learning FOR SELECT TO authenticated
  USING (user_id = (SELECT auth.uid()) OR (SELECT private.is_admin()));
CREATE POLICY "Users see their own usage, admins all" ON javari_usage_stats FOR SELECT TO authenticated
  USING (user_id = (SELECT auth.uid()) OR (SELECT private.is_admin()));
GRANT SELECT ON javari_learning, javari_usage_stats TO authenticated;
