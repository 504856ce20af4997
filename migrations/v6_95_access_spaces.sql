-- Users see only their own rows.
CREATE POLICY "Users see their own avatars" ON avatars FOR SELECT TO authenticated
  USING (user_id = (SELECT auth.uid()));
CREATE POLICY "Users make avatars of their own" ON avatars FOR INSERT TO authenticated
  WITH CHECK (user_id = (SELECT auth.uid()));
CREATE POLICY "Users change their own avatars" ON avatars FOR UPDATE TO authenticated
  USING (user_id = (SELECT auth.uid())) WITH CHECK (user_id = (SELECT auth.uid()));
CREATE POLICY "Users delete their own avatars" ON avatars FOR DELETE TO authenticated
  USING (user_id = (SELECT auth.uid()));
GRANT SELECT, INSERT (user_id, name, appearance, is_active), UPDATE (name, appearance, is_active), DELETE
  ON avatars TO authenticated;

-- Every user sees the spaces that are public, and changes only their own.
CREATE POLICY "Anyone sees public spaces" ON virtual_spaces FOR SELECT TO anon USING (is_public);
CREATE POLICY "Users see public spaces and their own, admins all" ON virtual_spaces FOR SELECT TO authenticated
  USING (is_public OR owner_id = (SELECT auth.uid()) OR (SELECT private.is_admin()));
CREATE POLICY "Users open spaces of their own" ON virtual_spaces FOR INSERT TO authenticated
  WITH CHECK (owner_id = (SELECT auth.uid()));
CREATE POLICY "Users change their own spaces" ON virtual_spaces FOR UPDATE TO authenticated
  USING (owner_id = (SELECT auth.uid())) WITH CHECK (owner_id = (SELECT auth.uid()));
CREATE POLICY "Users close their own spaces" ON virtual_spaces FOR DELETE TO authenticated
  USING (owner_id = (SELECT auth.uid()));
GRANT SELECT ON virtual_spaces TO anon;
GRANT SELECT, INSERT (name, type, capacity, owner_id, is_public, coordinates, metadata),
  UPDATE (name, type, capacity, is_public, coordinates, metadata), DELETE ON virtual_spaces TO authenticated;

-- A visit belongs to the user of the avatar: the policy finds only the caller's own avatars.
CREATE POLICY "Users see their own visits" ON space_visits FOR SELECT TO authenticated
  USING (avatar_id = ANY (ARRAY(SELECT id FROM avatars)));
CREATE POLICY "Users enter spaces that they see" ON space_visits FOR INSERT TO authenticated
  WITH CHECK (avatar_id = ANY (ARRAY(SELECT id FROM avatars))
              AND space_id IN (SELECT id FROM virtual_spaces));
CREATE POLICY "Users end their own visits" ON space_visits FOR UPDATE TO authenticated
  USING (avatar_id = ANY (ARRAY(SELECT id FROM avatars)))
  WITH CHECK (avatar_id = ANY (ARRAY(SELECT id FROM avatars)));
GRANT SELECT, INSERT (avatar_id, space_id, entered_at), UPDATE (exited_at, duration_seconds) ON space_visits
  TO authenticated;

-- Admins verify responders. After that, a responder cannot change who they are.
CREATE POLICY "Users see themselves as responders, admins all" ON first_responders FOR SELECT TO authenticated
  USING (user_id = (SELECT auth.uid()) OR (SELECT private.is_admin()));
CREATE POLICY "Users register as responders" ON first_responders FOR INSERT TO authenticated
  WITH CHECK (user_id = (SELECT auth.uid()));
CREATE POLICY "Users change it until admins have verified it" ON first_responders FOR UPDATE TO authenticated
  USING ((user_id = (SELECT auth.uid()) AND verified IS NOT TRUE) OR (SELECT private.is_admin()))
  WITH CHECK ((user_id = (SELECT auth.uid()) AND verified IS NOT TRUE) OR (SELECT private.is_admin()));
CREATE POLICY "Users withdraw as responders" ON first_responders FOR DELETE TO authenticated
  USING (user_id = (SELECT auth.uid()));
GRANT SELECT, INSERT (user_id, role, agency, verification_doc_url),
  UPDATE (role, agency, verified, verification_doc_url), DELETE ON first_responders TO authenticated;

-- max_members is set by the platform. The policy names created_by itself, and does not leave it to the function: the
-- snapshot of the function does not contain the row that is being inserted, so INSERT ... RETURNING would fail.
CREATE POLICY "Users see open groups and their own, admins all" ON support_groups FOR SELECT TO authenticated
  USING (is_private IS FALSE OR created_by = (SELECT auth.uid())
         OR id = ANY (ARRAY(SELECT private.support_groups_of_member()))
         OR (SELECT private.is_admin()));
CREATE POLICY "Users found groups" ON support_groups FOR INSERT TO authenticated
  WITH CHECK (created_by = (SELECT auth.uid()));
CREATE POLICY "Group admins change their groups" ON support_groups FOR UPDATE TO authenticated
  USING (id = ANY (ARRAY(SELECT private.support_groups_of_admin())))
  WITH CHECK (id = ANY (ARRAY(SELECT private.support_groups_of_admin())));
CREATE POLICY "Founders close their groups" ON support_groups FOR DELETE TO authenticated
  USING (created_by = (SELECT auth.uid()));
GRANT SELECT, INSERT (name, module, is_private, created_by), UPDATE (name, module, is_private), DELETE
  ON support_groups TO authenticated;

-- Users see their own membership by the policy itself, for the same reason.
CREATE POLICY "Members see each other, admins all" ON group_members FOR SELECT TO authenticated
  USING (user_id = (SELECT auth.uid()) OR group_id = ANY (ARRAY(SELECT private.support_groups_of_member()))
         OR (SELECT private.is_admin()));
-- A row without a user is never a duplicate of another one: such rows could be added until the limit is reached.
CREATE POLICY "Users join open groups, group admins add to theirs" ON group_members FOR INSERT TO authenticated
  WITH CHECK ((user_id = (SELECT auth.uid()) AND role = 'member'
               AND group_id IN (SELECT id FROM support_groups WHERE is_private IS FALSE))
              OR (group_id = ANY (ARRAY(SELECT private.support_groups_of_admin()))
                  AND user_id IS NOT NULL AND role IN ('admin', 'member')));
CREATE POLICY "Group admins change roles" ON group_members FOR UPDATE TO authenticated
  USING (group_id = ANY (ARRAY(SELECT private.support_groups_of_admin())))
  WITH CHECK (role IN ('admin', 'member'));
CREATE POLICY "Members leave, group admins remove them" ON group_members FOR DELETE TO authenticated
  USING (user_id = (SELECT auth.uid()) OR group_id = ANY (ARRAY(SELECT private.support_groups_of_admin())));
GRANT SELECT, INSERT (group_id, user_id, role), UPDATE (role), DELETE ON group_members TO authenticated;
