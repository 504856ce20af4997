/** The message for a person when a command could not do its work because of the database or a connection. */
import { messageOf, type Explanation } from '../../ground/errors.ts';
import { explainFullDisk, fullDiskBehind } from '../../ground/files/full-disk.ts';
import { quotedIdentifier } from '../../ground/text.ts';
import { faultBehind, type Fault } from './fault-behind.ts';
import { isOutage } from './outage.ts';
import { denied, diskFull, meaningOf, stateOf } from './sql-states.ts';

/** A failed statement changes nothing, so each command can be run again. */
const explanations: Record<Exclude<Fault, 'process' | 'secret'>, Omit<Explanation, 'why'>> = {
  connection: {
    what: 'the connection to the database could not be made, or was lost',
    hint: 'check that PostgreSQL, and a pooler in front of it, run and have free connections, then run the command again',
  },
  conflict: {
    what: 'other transactions conflict with this command',
    hint: 'run the command again',
  },
  timeout: {
    what: 'the database took longer than its time limit',
    hint: 'run the command again; if it happens often, look in pg_stat_activity for what holds locks',
  },
  resources: {
    what: 'the database has no connection, memory or disk space left',
    hint: 'end what uses them, or raise the limit (max_connections, the connection limit of the role, disk), then run the command again',
  },
  'read-only': {
    what: 'the database takes no writes now',
    hint: 'let DATABASE_URL name the primary server and not a standby, and look whether its disk is full or default_transaction_read_only is set',
  },
  server: {
    what: 'the database reports an internal error',
    hint: "look at PostgreSQL's log",
  },
};

const fullDisk: Omit<Explanation, 'why'> = {
  what: 'the disk of the database is full',
  hint: 'make room where PostgreSQL keeps its data (for the embedded one: the disk of ROUNDSMAN_HOME), then run the command again: nothing of it was written, and PostgreSQL goes on by itself',
};

const allBehind = (error: unknown, depth = 8): unknown[] =>
  error instanceof Error && depth > 0 ? [error, ...allBehind(error.cause, depth - 1)] : [];

/** Whether the server runs but is full: it refuses connections, or lacks the resources for this work. */
export const isFull = (error: unknown): boolean =>
  allBehind(error).some((each) => meaningOf(each)?.fault === 'resources');

/** The error behind this one with which PostgreSQL says that its disk is full. */
const fullDatabaseDisk = (error: unknown): unknown =>
  allBehind(error).find((each) => stateOf(each) === diskFull);

/** Whether a disk is full: the database's, or one on which a file is written. */
export const isFullDisk = (error: unknown): boolean =>
  fullDatabaseDisk(error) !== undefined || fullDiskBehind(error) !== null;

/** The limit belongs to the role or the database, not to the server. */
function ownLimit(why: string): Omit<Explanation, 'why'> | null {
  const [, kind, name] = /too many connections for (role|database) "(.*)"/s.exec(why) ?? [];
  if (!kind || !name) return null;
  const target = `${kind.toUpperCase()} ${quotedIdentifier(name)}`;
  return {
    what: `the ${kind} ${name} may have no more connections (its CONNECTION LIMIT)`,
    hint: `end what uses them, or raise that limit as a superuser: ALTER ${target} CONNECTION LIMIT 61 (-1 removes it), then run the command again`,
  };
}

/**
 * The explanation of an error that Roundsman did not throw on purpose. Null when the database is not to blame: then it
 * is a defect.
 */
export function explainFault(error: unknown): Explanation | null {
  const why = messageOf(error);
  if (allBehind(error).some((each) => stateOf(each) === denied))
    return {
      what: 'this database role may not do that',
      why,
      hint: 'connect as the owner of the tables or as service_role',
    };
  const full = fullDatabaseDisk(error);
  if (full) return { ...fullDisk, why: messageOf(full) };
  if (isFull(error)) return { ...(ownLimit(why) ?? explanations.resources), why };
  const ofFile = explainFullDisk(error);
  if (ofFile) return ofFile;
  const fault = faultBehind(error) ?? (isOutage(error) ? 'connection' : null);
  return fault === null || fault === 'process' || fault === 'secret'
    ? null
    : { ...explanations[fault], why };
}
