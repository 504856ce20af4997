-- Every user may read. Admins maintain the catalogues, but only the owner may delete, because the history of users would
-- be deleted, too.
CREATE POLICY "Anyone sees active apps" ON app_catalog FOR SELECT TO anon USING (status = 'active');
CREATE POLICY "Users see active apps, admins all" ON app_catalog FOR SELECT TO authenticated
  USING (status = 'active' OR (SELECT private.is_admin()));
CREATE POLICY "Admins add apps" ON app_catalog FOR INSERT TO authenticated
  WITH CHECK ((SELECT private.is_admin()));
CREATE POLICY "Admins change apps" ON app_catalog FOR UPDATE TO authenticated
  USING ((SELECT private.is_admin())) WITH CHECK ((SELECT private.is_admin()));
CREATE POLICY "The owner deletes apps" ON app_catalog FOR DELETE TO authenticated
  USING ((SELECT private.is_owner()));
GRANT SELECT ON app_catalog TO anon;
GRANT SELECT, INSERT, UPDATE, DELETE ON app_catalog TO authenticated;

-- A tool is visible if its app is.
CREATE POLICY "Anyone sees tools of active apps" ON tools_catalog FOR SELECT TO anon
  USING (app_id = ANY (ARRAY(SELECT id FROM app_catalog)));
CREATE POLICY "Users see tools of active apps, admins all" ON tools_catalog FOR SELECT TO authenticated
  USING (app_id = ANY (ARRAY(SELECT id FROM app_catalog)) OR (SELECT private.is_admin()));
CREATE POLICY "Admins add tools" ON tools_catalog FOR INSERT TO authenticated
  WITH CHECK ((SELECT private.is_admin()));
CREATE POLICY "Admins change tools" ON tools_catalog FOR UPDATE TO authenticated
  USING ((SELECT private.is_admin())) WITH CHECK ((SELECT private.is_admin()));
CREATE POLICY "The owner deletes tools" ON tools_catalog FOR DELETE TO authenticated
  USING ((SELECT private.is_owner()));
GRANT SELECT ON tools_catalog TO anon;
GRANT SELECT, INSERT, UPDATE, DELETE ON tools_catalog TO authenticated;

-- Users record their own usage, but cannot choose the id or the time of the row.
CREATE POLICY "Users see their own app usage, admins all" ON app_usage FOR SELECT TO authenticated
  USING (user_id = (SELECT auth.uid()) OR (SELECT private.is_admin()));
CREATE POLICY "Users track their own app usage" ON app_usage FOR INSERT TO authenticated
  WITH CHECK (user_id = (SELECT auth.uid()));
GRANT SELECT, INSERT (user_id, app_id, credits_used, execution_time_ms, success, error_message) ON app_usage
  TO authenticated;

CREATE POLICY "Users see their own tool usage, admins all" ON tools_usage FOR SELECT TO authenticated
  USING (user_id = (SELECT auth.uid()) OR (SELECT private.is_admin()));
CREATE POLICY "Users track their own tool usage" ON tools_usage FOR INSERT TO authenticated
  WITH CHECK (user_id = (SELECT auth.uid()));
GRANT SELECT, INSERT (user_id, tool_id, credits_used) ON tools_usage TO authenticated;

-- The content belongs to the user alone. A result is never changed.
CREATE POLICY "Users see their own results" ON tools_results FOR SELECT TO authenticated
  USING (user_id = (SELECT auth.uid()));
CREATE POLICY "Users keep their own results" ON tools_results FOR INSERT TO authenticated
  WITH CHECK (user_id = (SELECT auth.uid()));
CREATE POLICY "Users delete their own results" ON tools_results FOR DELETE TO authenticated
  USING (user_id = (SELECT auth.uid()));
GRANT SELECT, INSERT (user_id, tool_id, input_data, output_data, output_url), DELETE ON tools_results
  TO authenticated;

-- Only admins: the rows contain addresses, user agents and stack traces from the server.
CREATE POLICY "Admins see API logs" ON api_logs FOR SELECT TO authenticated
  USING ((SELECT private.is_admin()));
CREATE POLICY "Admins see page views" ON page_views FOR SELECT TO authenticated
  USING ((SELECT private.is_admin()));
CREATE POLICY "Admins see error logs" ON error_logs FOR SELECT TO authenticated
  USING ((SELECT private.is_admin()));
GRANT SELECT ON api_logs, page_views, error_logs TO authenticated;
