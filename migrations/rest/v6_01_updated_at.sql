-- On an adopted database the function is that of the documented schema: it gets a fixed search_path.
CREATE OR REPLACE FUNCTION update_updated_at() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.updated_at = now();
  RETURN NEW;
END
$$;

-- The other tables that have the column; bots and bot_knowledge get theirs with their own columns.
-- javari_credentials: to open one notes last_used_at, and changes nothing.
DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY '{organizations,transactions,subscriptions,javari_projects,
                       app_catalog,avatars}'::text[] LOOP
    EXECUTE format('DROP TRIGGER IF EXISTS %I ON %I', 'update_' || t || '_updated_at', t);
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE ON %I FOR EACH ROW EXECUTE FUNCTION update_updated_at()',
                   'update_' || t || '_updated_at', t);
  END LOOP;
END
$$;

DROP TRIGGER IF EXISTS update_javari_credentials_updated_at ON javari_credentials;
CREATE TRIGGER update_javari_credentials_updated_at
  BEFORE UPDATE OF user_id, service, encrypted_credentials, encryption_key_id ON javari_credentials
  FOR EACH ROW EXECUTE FUNCTION update_updated_at();

-- The triggers of the bots' tables call the documented schema's function from now on.
DO $$
DECLARE
  t record;
BEGIN
  FOR t IN SELECT tgname, tgrelid::regclass AS "table",
                  replace(pg_get_triggerdef(oid), 'engine.update_updated_at()', 'public.update_updated_at()') AS made
           FROM pg_trigger WHERE tgfoid = 'engine.update_updated_at()'::regprocedure LOOP
    EXECUTE format('DROP TRIGGER %I ON %s', t.tgname, t."table");
    EXECUTE t.made;
  END LOOP;
END
$$;
DROP FUNCTION engine.update_updated_at();
