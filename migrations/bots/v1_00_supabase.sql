-- For a database with a platform of another schema: creates the roles that grants name and the function that makes ids,
-- but no schema auth.
DO $$
BEGIN
  IF to_regrole('anon') IS NULL THEN CREATE ROLE anon NOLOGIN; END IF;
  IF to_regrole('authenticated') IS NULL THEN CREATE ROLE authenticated NOLOGIN; END IF;
  IF to_regrole('service_role') IS NULL THEN CREATE ROLE service_role NOLOGIN BYPASSRLS; END IF;
EXCEPTION
  -- Roles belong to the whole server: another database's migration may just have made them.
  WHEN duplicate_object OR unique_violation THEN NULL;
END
$$;

CREATE SCHEMA IF NOT EXISTS extensions;
DO $$
BEGIN
  -- The platform may have the extension in a schema of its own, where its defaults find it: it stays there.
  IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'uuid-ossp')
     AND EXISTS (SELECT FROM pg_available_extensions WHERE name = 'uuid-ossp') THEN
    CREATE EXTENSION "uuid-ossp" WITH SCHEMA extensions;
  END IF;
  IF to_regprocedure('extensions.uuid_generate_v4()') IS NULL THEN
    CREATE FUNCTION extensions.uuid_generate_v4() RETURNS uuid
    LANGUAGE sql VOLATILE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS 'SELECT gen_random_uuid()';
  END IF;
END
$$;
