-- The parent of a project belongs to the same user, and no project is its own ancestor.
--
-- The trigger runs AFTER the statement, because one statement may move several projects, and only the result counts. It
-- takes one lock for each user (and one for projects without a user), because two moves that are correct alone could
-- make a cycle together. A project that gets another user takes both locks, in a fixed order. The lock is advisory,
-- because bookings lock the row of the profile. SECURITY DEFINER, because RLS would hide the parent of another user.
CREATE FUNCTION engine.guard_project_tree() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  -- any number that no other lock of this database takes
  project_trees CONSTANT integer := 7106;
BEGIN
  PERFORM engine.need_read_committed(TG_TABLE_NAME);
  PERFORM pg_advisory_xact_lock(project_trees, tree) FROM (
    SELECT DISTINCT coalesce(hashtext(u.id::text), 0) AS tree
    FROM unnest(ARRAY[NEW.user_id, CASE TG_OP WHEN 'UPDATE' THEN OLD.user_id ELSE NEW.user_id END]) AS u (id)
    ORDER BY tree
  ) trees;
  IF EXISTS (
    SELECT FROM public.javari_projects p
    WHERE (p.id = NEW.parent_project_id OR p.parent_project_id = NEW.id) AND p.user_id IS DISTINCT FROM NEW.user_id
  ) THEN
    RAISE check_violation USING MESSAGE = 'javari_projects.parent_project_id is a project of another user',
      TABLE = 'javari_projects', COLUMN = 'parent_project_id', CONSTRAINT = 'javari_projects_same_user';
  END IF;
  -- UNION, not UNION ALL: it ends in a circle too.
  IF EXISTS (
    WITH RECURSIVE above AS (
      SELECT NEW.parent_project_id AS id
      UNION
      SELECT p.parent_project_id FROM above JOIN public.javari_projects p ON p.id = above.id
    )
    SELECT FROM above WHERE id = NEW.id
  ) THEN
    RAISE check_violation USING MESSAGE = 'javari_projects.parent_project_id lies below the project itself',
      TABLE = 'javari_projects', COLUMN = 'parent_project_id', CONSTRAINT = 'javari_projects_no_cycle';
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER project_tree_guarded_new AFTER INSERT ON javari_projects FOR EACH ROW
  WHEN (NEW.parent_project_id IS NOT NULL) EXECUTE FUNCTION engine.guard_project_tree();
CREATE TRIGGER project_tree_guarded AFTER UPDATE ON javari_projects FOR EACH ROW
  WHEN ((NEW.id, NEW.parent_project_id, NEW.user_id) IS DISTINCT FROM (OLD.id, OLD.parent_project_id, OLD.user_id))
  EXECUTE FUNCTION engine.guard_project_tree();
-- A trigger function: no role calls it.
REVOKE EXECUTE ON FUNCTION engine.guard_project_tree() FROM PUBLIC, anon, authenticated;
