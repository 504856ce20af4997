/** Finds out which of the servers of an address takes writes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, RoundsmanError } from '../ground/errors.ts';
import { nameOfServer, serversIn, type Server } from '../ground/addresses/database-hosts.ts';
import { readOnlyState } from './faults/sql-states.ts';
import { OwnClient } from './own-client.ts';
import { leaveOtherServers } from './open-sessions.ts';

/** Of the servers that answer none takes writes: a failover is not over, or no standby has been promoted. */
export class NoPrimaryError extends RoundsmanError {
  override readonly retryable = true;
  readonly code = readOnlyState;

  constructor(answers: readonly { server: Server; why: string }[]) {
    super({
      what: 'no server of DATABASE_URL takes writes now',
      why: answers.map(({ server, why }) => `${nameOfServer(server)}: ${why}`).join('; '),
      hint: 'start the primary, or promote a standby (pg_promote); the work goes on by itself once one of them takes writes',
    });
  }
}

/** The only server that takes writes has an older timeline than one that this process has worked with. */
export class OldPrimaryError extends RoundsmanError {
  override readonly retryable = true;
  readonly code = readOnlyState;

  constructor(server: Server) {
    super({
      what: 'the only server of DATABASE_URL that takes writes is an old primary',
      why: `${nameOfServer(server)} has an older timeline than the primary that this process worked with: it does not have what was committed since`,
      hint: 'start the newer primary again, or, if it is lost for good, restart the processes of Roundsman: they accept the old one then',
    });
  }
}

/** A server that does not answer within this time cannot be used now. */
const answerMs = 3_000;
/** Once a primary has answered, the others get this long to say that they are one, too. */
const othersMs = 250;

/** What a server has said. */
export interface Answer {
  server: Server;
  /** 0: it takes no writes, or has no such number */
  timeline: number;
  takesWrites: boolean;
  /** why it cannot be used; null: it answered */
  error: unknown;
}

interface Known {
  /** the newest timeline of a primary that this process has seen */
  timeline: number;
  /** what is being asked at this moment: connections that are opened at the same time ask once */
  asked: Promise<Server> | null;
}

/** By address. */
const known = new Map<string, Known>();

/**
 * The server that takes writes. After a failover an old primary may come back, or never have stopped: of two that take writes, the one with the
 * newer timeline is right, because a standby begins another timeline when it is promoted, and one that is older than what this
 * process has seen is refused for good. Sessions of this process at other servers are ended once they are idle.
 *
 * Throws {@link NoPrimaryError} when none takes writes, {@link OldPrimaryError} when only an old one does, and what the connection to the
 * first one threw when none answered.
 */
export function findPrimary(address: string): Promise<Server> {
  const of = known.get(address) ?? { timeline: 0, asked: null };
  known.set(address, of);
  of.asked ??= choose(address, of).finally(() => {
    of.asked = null;
  });
  return of.asked;
}

async function choose(address: string, of: Known): Promise<Server> {
  const answers = await askAll(address);
  const primaries = answers
    .filter(({ takesWrites }) => takesWrites)
    .toSorted((a, b) => b.timeline - a.timeline);
  const [newest] = primaries;
  if (newest === undefined) throw noneOf(answers);
  if (newest.timeline < of.timeline) throw new OldPrimaryError(newest.server);
  of.timeline = newest.timeline;
  leaveOtherServers(address, newest.server);
  return newest.server;
}

/** What each server of the address says, those that do not answer within 3 s included. */
export const askEach = (address: string): Promise<Answer[]> =>
  Promise.all(serversIn(address).map((server) => ask(address, server)));

/** The error of a list of servers of which none takes writes. */
function noneOf(answers: readonly Answer[]): unknown {
  const refused = answers.filter(({ error }) => error !== null);
  if (refused.length < answers.length)
    return new NoPrimaryError(
      answers.map(({ server, error }) => ({
        server,
        why: error === null ? 'takes no writes' : messageOf(error),
      })),
    );
  const first = refused[0]!.error;
  if (!(first instanceof Error)) return first;
  const why = refused.map(({ server, error }) => `${nameOfServer(server)}: ${messageOf(error)}`);
  return Object.assign(new Error(why.join('; '), { cause: first }), {
    code: (first as NodeJS.ErrnoException).code,
  });
}

/** All answers, or those that have come shortly after that of a primary. */
async function askAll(address: string): Promise<Answer[]> {
  const servers = serversIn(address);
  const answers: Answer[] = [];
  const found = Promise.withResolvers<void>();
  const all = Promise.all(
    servers.map(async (server) => {
      const answer = await ask(address, server);
      answers.push(answer);
      if (answer.takesWrites) found.resolve();
    }),
  );
  await Promise.race([all, found.promise.then(() => sleep(othersMs))]);
  return [...answers];
}

/** A server that is not PostgreSQL may have no timeline. */
const readTimeline = `SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8) AS timeline`;

async function ask(address: string, server: Server): Promise<Answer> {
  const client = new OwnClient({
    connectionString: address,
    application_name: 'roundsman',
    connectionTimeoutMillis: answerMs,
    query_timeout: answerMs,
  });
  client.goTo(server);
  const answer = { server, timeline: 0, takesWrites: false, error: null };
  try {
    await client.connect();
    const { rows } = await client.query<{ takesWrites: boolean }>(
      `SELECT NOT pg_is_in_recovery() AND current_setting('default_transaction_read_only') = 'off' AS "takesWrites"`,
    );
    if (rows[0]?.takesWrites !== true) return answer;
    const timeline = await client.query<{ timeline: string }>(readTimeline).then(
      ({ rows: [row] }) => Number.parseInt(row?.timeline ?? '0', 16),
      () => 0,
    );
    return { ...answer, takesWrites: true, timeline };
  } catch (error) {
    return { ...answer, error };
  } finally {
    client.end().catch(() => {});
  }
}
