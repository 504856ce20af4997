-- Users see only their own rows. Columns without a grant (role, credits, subscription_*) are written by service_role
-- only.
CREATE POLICY "Users see their own profile, admins all" ON profiles FOR SELECT TO authenticated
  USING (id = (SELECT auth.uid()) OR (SELECT private.is_admin()));
CREATE POLICY "Users change their own profile" ON profiles FOR UPDATE TO authenticated
  USING (id = (SELECT auth.uid())) WITH CHECK (id = (SELECT auth.uid()));
GRANT SELECT, UPDATE (display_name, avatar_url) ON profiles TO authenticated;

-- Users cannot change plan, credits_pool and max_members, which are paid for, and cannot delete an organization, because
-- its pool would be deleted, too.
-- The policy names owner_id itself, and does not leave it to the function: the snapshot of the function does not contain
-- the row that is being inserted, so INSERT ... RETURNING would fail.
CREATE POLICY "Members see their organizations, admins all" ON organizations FOR SELECT TO authenticated
  USING (owner_id = (SELECT auth.uid()) OR id = ANY (ARRAY(SELECT private.organizations_of_member()))
         OR (SELECT private.is_admin()));
CREATE POLICY "Users found organizations of their own" ON organizations FOR INSERT TO authenticated
  WITH CHECK (owner_id = (SELECT auth.uid()));
CREATE POLICY "Organization admins rename it" ON organizations FOR UPDATE TO authenticated
  USING (id = ANY (ARRAY(SELECT private.organizations_of_admin())))
  WITH CHECK (id = ANY (ARRAY(SELECT private.organizations_of_admin())));
GRANT SELECT, INSERT (name, owner_id), UPDATE (name) ON organizations TO authenticated;

-- No user can make another one an owner, or change or remove an owner. A row without a user is never a duplicate of
-- another one: such rows could be added until the limit is reached.
CREATE POLICY "Members see each other, admins all" ON organization_members FOR SELECT TO authenticated
  USING (organization_id = ANY (ARRAY(SELECT private.organizations_of_member())) OR (SELECT private.is_admin()));
CREATE POLICY "Organization admins add members" ON organization_members FOR INSERT TO authenticated
  WITH CHECK (organization_id = ANY (ARRAY(SELECT private.organizations_of_admin()))
              AND user_id IS NOT NULL AND role IN ('admin', 'member'));
CREATE POLICY "Organization admins change roles" ON organization_members FOR UPDATE TO authenticated
  USING (organization_id = ANY (ARRAY(SELECT private.organizations_of_admin()))
         AND role IS DISTINCT FROM 'owner')
  WITH CHECK (role IN ('admin', 'member'));
CREATE POLICY "Members leave, organization admins remove them" ON organization_members FOR DELETE TO authenticated
  USING ((user_id = (SELECT auth.uid())
          OR organization_id = ANY (ARRAY(SELECT private.organizations_of_admin())))
         AND role IS DISTINCT FROM 'owner');
GRANT SELECT, INSERT (organization_id, user_id, role), UPDATE (role), DELETE ON organization_members
  TO authenticated;

CREATE POLICY "Users see their own sessions" ON user_sessions FOR SELECT TO authenticated
  USING (user_id = (SELECT auth.uid()));
CREATE POLICY "Users end their own sessions" ON user_sessions FOR DELETE TO authenticated
  USING (user_id = (SELECT auth.uid()));
GRANT SELECT (id, user_id, ip_address, user_agent, expires_at, created_at), DELETE ON user_sessions
  TO authenticated;

-- Users cannot write their own activity log, because then it would prove nothing.
CREATE POLICY "Users see their own activity, admins all" ON user_activity_log FOR SELECT TO authenticated
  USING (user_id = (SELECT auth.uid()) OR (SELECT private.is_admin()));
GRANT SELECT ON user_activity_log TO authenticated;

CREATE POLICY "Users see their own credits, admins all" ON credits FOR SELECT TO authenticated
  USING (user_id = (SELECT auth.uid()) OR (SELECT private.is_admin()));
GRANT SELECT ON credits TO authenticated;
-- No role changes or deletes bookings. When a user is deleted, the cascade runs with the rights of the owner of the
-- table.
REVOKE UPDATE, DELETE ON credits FROM service_role;

CREATE POLICY "Users see their own transactions, admins all" ON transactions FOR SELECT TO authenticated
  USING (user_id = (SELECT auth.uid()) OR (SELECT private.is_admin()));
GRANT SELECT ON transactions TO authenticated;

CREATE POLICY "Users see their own subscriptions, admins all" ON subscriptions FOR SELECT TO authenticated
  USING (user_id = (SELECT auth.uid()) OR (SELECT private.is_admin()));
GRANT SELECT ON subscriptions TO authenticated;
