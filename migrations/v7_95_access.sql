-- Whoever works as service_role has to see whether the database is migrated; the doctor advises that role.
GRANT SELECT ON engine.kysely_migration TO service_role;
