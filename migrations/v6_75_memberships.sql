-- Enforces organizations.max_members and support_groups.max_members, also for users who join at the same time. NULL is
-- no limit.

-- A rule that counts rows of other transactions needs a snapshot from after it has taken its lock. In REPEATABLE READ
-- the snapshot is from before the lock, and the count would be too low.
CREATE FUNCTION engine.need_read_committed(p_table text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    RAISE feature_not_supported USING
      MESSAGE = format('%s is written under READ COMMITTED only', p_table),
      HINT = 'its rules hold by locks that an older snapshot does not see', TABLE = p_table;
  END IF;
END
$$;

-- AFTER: ON CONFLICT DO NOTHING for a user who is already a member must not be refused as one too many. Arguments: the
-- parent table, and the column that refers to it. SECURITY DEFINER, because RLS would hide members.
CREATE FUNCTION engine.hold_member_limit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_max integer;
  v_members bigint;
BEGIN
  PERFORM engine.need_read_committed(TG_TABLE_NAME);
  EXECUTE format('SELECT max_members FROM public.%I WHERE id = ($1).%I FOR NO KEY UPDATE', TG_ARGV[0], TG_ARGV[1])
    INTO v_max USING NEW;
  EXECUTE format('SELECT count(*) FROM public.%I WHERE %I = ($1).%2$I', TG_TABLE_NAME, TG_ARGV[1])
    INTO v_members USING NEW;
  IF v_members > v_max THEN
    RAISE check_violation USING MESSAGE = format('%s.max_members is %s and reached', TG_ARGV[0], v_max),
      TABLE = TG_TABLE_NAME, COLUMN = TG_ARGV[1], CONSTRAINT = TG_TABLE_NAME || '_limit';
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER organization_members_limited AFTER INSERT OR UPDATE OF organization_id ON organization_members
  FOR EACH ROW EXECUTE FUNCTION engine.hold_member_limit('organizations', 'organization_id');
CREATE TRIGGER group_members_limited AFTER INSERT OR UPDATE OF group_id ON group_members
  FOR EACH ROW EXECUTE FUNCTION engine.hold_member_limit('support_groups', 'group_id');

-- Refuses a limit below the number of members that there are. Arguments: the table of members, and its column.
CREATE FUNCTION engine.fit_member_limit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_members bigint;
BEGIN
  PERFORM engine.need_read_committed(TG_TABLE_NAME);
  EXECUTE format('SELECT count(*) FROM public.%I WHERE %I = $1', TG_ARGV[0], TG_ARGV[1])
    INTO v_members USING NEW.id;
  IF v_members > NEW.max_members THEN
    RAISE check_violation USING
      MESSAGE = format('%s.max_members cannot be %s: there are %s members', TG_TABLE_NAME, NEW.max_members, v_members),
      TABLE = TG_TABLE_NAME, COLUMN = 'max_members', CONSTRAINT = TG_TABLE_NAME || '_max_members_fit';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER organizations_limit_fits BEFORE UPDATE ON organizations FOR EACH ROW
  WHEN (NEW.max_members < OLD.max_members OR (OLD.max_members IS NULL AND NEW.max_members IS NOT NULL))
  EXECUTE FUNCTION engine.fit_member_limit('organization_members', 'organization_id');
CREATE TRIGGER support_groups_limit_fits BEFORE UPDATE ON support_groups FOR EACH ROW
  WHEN (NEW.max_members < OLD.max_members OR (OLD.max_members IS NULL AND NEW.max_members IS NOT NULL))
  EXECUTE FUNCTION engine.fit_member_limit('group_members', 'group_id');

-- Trigger functions and what they share: no role calls them.
REVOKE EXECUTE ON FUNCTION engine.need_read_committed(text), engine.hold_member_limit(),
  engine.fit_member_limit() FROM PUBLIC, anon, authenticated;
