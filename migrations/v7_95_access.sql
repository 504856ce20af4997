-- Lets service_role see whether the database is migrated: `doctor` recommends that processes work as this role.
GRANT SELECT ON engine.kysely_migration TO service_role;
