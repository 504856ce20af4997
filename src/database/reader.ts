/**
 * The role with which checks read (migrations/v8_40_reader.sql). Its only rights to write are PUBLIC's
 * (reader-rights.ts), whatever a check does to its transaction. That prevents accidents and not malice, because a
 * session may leave its role.
 */
export const readerRole = 'roundsman_reader';

/** A query for the role's name: one row if the role exists and a session may become it, else none. */
export const usableReader = `
  SELECT r.rolname FROM pg_catalog.pg_roles r
  WHERE r.rolname = '${readerRole}' AND pg_catalog.pg_has_role(r.oid, 'MEMBER')
    AND pg_catalog.has_schema_privilege(r.oid, pg_catalog.to_regnamespace('engine')::oid, 'USAGE')`;

/** For a session's first statement: makes the session use that role. */
export const becomeReader = `set_config('role', coalesce((${usableReader}), 'none'), false)`;
