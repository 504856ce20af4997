/**
 * How every session of Roundsman begins: with the settings that its statements rely on, on a server that can do the
 * work.
 */
import pg from 'pg';
import { RoundsmanError } from '../ground/errors.ts';
import { becomeReader } from './reader.ts';
import { readOnlyState, stateOf } from './faults/sql-states.ts';

export interface SessionOptions {
  /** Every statement is cancelled after this many milliseconds; 30,000 by default, 0 for no limit. */
  statementTimeoutMs?: number;
  /** The session refuses to write, and reads as a role that cannot write, where it exists: for checks. */
  readOnly?: boolean;
  /** Only a server that takes writes is accepted; others are refused with {@link ReadOnlyServerError}. */
  primary?: boolean;
  /**
   * The session works as service_role if the login may take that role and neither owns the tables nor bypasses row
   * level security itself: for the engine and the commands. Not for applications, whose own role is their limit.
   */
  asService?: boolean;
  /** Where names without a schema are looked up; `public, extensions` by default. */
  searchPath?: string;
}

/** The server takes no writes now. It, or another server under its name, may accept them later. */
export class ReadOnlyServerError extends RoundsmanError {
  override readonly retryable = true;
  readonly code = readOnlyState;

  constructor(isStandby: boolean) {
    super({
      what: 'the database takes no writes now',
      why: isStandby
        ? 'this server is a standby (pg_is_in_recovery)'
        : 'default_transaction_read_only is on',
      hint: 'let DATABASE_URL name the primary server; look whether its disk is full, and who has set default_transaction_read_only (server, database or role)',
    });
  }
}

/** A setting of the session would break the engine's statements, and this role may not change it. */
export class SessionRefusedError extends RoundsmanError {}

/**
 * The settings of every session, whatever the server, the database or the role say. The server must not go on working for a client
 * that has vanished, and must not end an idle session, which is kept because its statements are prepared. Settings that a server
 * does not know are left out.
 */
const settings = ({ statementTimeoutMs, readOnly, searchPath }: SessionOptions) => ({
  statement_timeout: String(statementTimeoutMs ?? 30_000),
  lock_timeout: '10000',
  idle_in_transaction_session_timeout: '60000',
  idle_session_timeout: '0',
  transaction_timeout: '0',
  client_connection_check_interval: '500',
  TimeZone: 'UTC',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
  standard_conforming_strings: 'on',
  array_nulls: 'on',
  transform_null_equals: 'off',
  quote_all_identifiers: 'off',
  exit_on_error: 'off',
  row_security: 'on',
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  // Not "$user": the tables would be created in a schema with the role's name, if there is one.
  search_path: searchPath ?? 'public, extensions',
  // A crash of the server must not lose the record that an effect outside was begun.
  synchronous_commit: 'on',
  ...(readOnly && { default_transaction_read_only: 'on' }),
});

const literal = (text: string) => pg.escapeLiteral(text);

const readServerState = `
  SELECT pg_is_in_recovery() AS "isStandby", current_setting('default_transaction_read_only') = 'on' AS "isReadOnly",
         current_setting('server_encoding') AS encoding, current_setting('session_replication_role') AS replication`;

/**
 * The statement that applies these settings. They are not given as startup options of the connection, because poolers
 * refuse startup options that they do not know.
 */
const applySettings = (options: SessionOptions): string => `
  SELECT set_config(name, value, false)
  FROM (VALUES ${Object.entries(settings(options))
    .map(([name, value]) => `(${literal(name)}, ${literal(value)})`)
    .join(', ')}) AS wanted (name, value)
  WHERE current_setting(name, true) IS NOT NULL
    -- Of synchronous_commit only off is replaced: with every other value a commit waits until it is on the server's own disk.
    AND (name <> 'synchronous_commit' OR current_setting('synchronous_commit') = 'off')`;

const becomeService = `
  SELECT set_config('role', 'service_role', false)
  FROM pg_roles login, pg_roles service, pg_class bots
  WHERE login.rolname = session_user AND service.rolname = 'service_role' AND current_setting('role') = 'none'
    AND bots.relname = 'bots' AND bots.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'public')
    AND EXISTS (SELECT FROM pg_namespace WHERE nspname = 'engine')
    AND NOT login.rolsuper AND NOT login.rolbypassrls AND NOT pg_has_role(login.oid, bots.relowner, 'USAGE')
    AND pg_has_role(login.oid, service.oid,
                    CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END)`;

/**
 * Makes triggers fire, where the login may decide that. It is the first statement, because the roles that the session
 * takes later may not set this.
 */
const setOrigin = `
  SELECT set_config('session_replication_role', 'origin', false)
  WHERE current_setting('session_replication_role') <> 'origin'
    AND has_parameter_privilege('session_replication_role', 'SET')`;

interface ServerState {
  isStandby: boolean;
  isReadOnly: boolean;
  encoding: string;
  replication: string;
}

/**
 * Applies the settings of a new session, in one round trip. Throws {@link ReadOnlyServerError}, or {@link
 * SessionRefusedError}, which names the settings that cannot be set.
 */
export async function beginSession(client: pg.ClientBase, options: SessionOptions): Promise<void> {
  const statements = [
    setOrigin,
    readServerState,
    applySettings(options),
    // If the read-only role does not exist, the role stays `none`, and the next statement may still take service_role.
    ...(options.readOnly ? [`SELECT ${becomeReader}`] : []),
    ...(options.asService ? [becomeService] : []),
  ];
  const results = (await client.query(
    statements.join(';'),
  )) as unknown as pg.QueryResult<ServerState>[];
  const server = results[1]!.rows[0]!;
  if (options.primary && (server.isStandby || server.isReadOnly))
    throw new ReadOnlyServerError(server.isStandby);
  if (server.encoding !== 'UTF8')
    throw new SessionRefusedError({
      what: 'this database cannot store every text',
      why: `its encoding is ${server.encoding}, and cannot be changed`,
      hint: 'make another one with `createdb --encoding=UTF8 --template=template0`, and let DATABASE_URL name it',
    });
  if (server.replication !== 'origin') await requireOrigin(client, server.replication);
}

/**
 * Makes triggers fire in this session. Only a role with a special right may do so; without it, throws
 * {@link SessionRefusedError}. `current` is the value of session_replication_role that has to be replaced.
 */
async function requireOrigin(client: pg.ClientBase, current: string): Promise<void> {
  try {
    await client.query('SET session_replication_role = origin');
  } catch (error) {
    throw new SessionRefusedError(
      {
        what: 'this session would not enforce the rules of the schema',
        why: `session_replication_role is ${current}, so triggers do not fire, and this role may not change it (${stateOf(error)})`,
        hint: 'as a superuser: ALTER ROLE ... RESET session_replication_role, and the same for the database',
      },
      { cause: error },
    );
  }
}
