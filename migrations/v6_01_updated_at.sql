-- In an adopted database the function of the documented schema is already there; this adds a fixed search_path.
CREATE OR REPLACE FUNCTION update_updated_at() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.updated_at = now();
  RETURN NEW;
END
$$;

-- The other tables with an updated_at. The migrations of bots and bot_knowledge create the triggers of these two.
-- javari_credentials: using a credential sets last_used_at, which is not a change of the credential.
DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY '{organizations,transactions,subscriptions,javari_projects,
                       app_catalog,bot_tickets,avatars}'::text[] LOOP
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
