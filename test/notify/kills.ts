/**
 * Kills the delivering worker again and again, and counts: nothing is lost, and every repeat lies between sending and
 * recording, is counted and says that it is one.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { deliver } from '../../jobs/deliver.ts';
import type { Db } from '../../src/database/connect.ts';
import { registerJobs } from '../../src/schedule/register-jobs.ts';
import { endLostJobs } from '../../src/transitions/jobs/end-lost.ts';
import { takeOverJobs } from '../../src/transitions/jobs/take-over.ts';
import type { Received } from './received.ts';
import { openTickets, setNotifications, toldOps } from './tickets.ts';

const program = fileURLToPath(new URL('killed-worker.ts', import.meta.url));

/** Longer than any lease, and than the wait before a second try. */
const stalledMs = 120_000;

export interface Killed {
  kills: number;
  /** kills at which a sending had begun whose end was not recorded */
  between: number;
  messages: number;
  lost: string[];
  /** messages that came more than once */
  repeated: number;
  /** that came more than once although no kill was between sending and recording them */
  unexplained: string[];
  /** repeats that did not say that they are one */
  unmarked: string[];
  /** messages that came more often than their row counts */
  uncounted: string[];
}

/** `received` is what the receiver behind `host` got; `random` gives numbers below 1. */
export async function killAgainAndAgain(
  { db, url }: { db: Db; url: string },
  { host, received }: { host: string; received: Received[] },
  {
    kills,
    random = Math.random,
    onKill,
  }: { kills: number; random?: () => number; onKill?: (count: number) => void },
): Promise<Killed> {
  await registerJobs(db, [deliver]);
  await setNotifications(db, toldOps(host));
  await sql`INSERT INTO engine.channels (name) VALUES ('ops') ON CONFLICT DO NOTHING`.execute(db);
  const begun = new Set<string>();
  let between = 0;
  for (let at = 0; at < kills; at += 1) {
    await queue(db, 8 - (await waitingOf(db)));
    const worker = await startWorker(url);
    const from = received.length;
    const wanted = 1 + Math.floor(random() * 5);
    const begin = Date.now();
    while (received.length < from + wanted && isAlive(worker)) {
      if (Date.now() - begin > stalledMs) throw new Error(await stalled(db, at));
      await sleep(1);
    }
    if (!isAlive(worker)) throw new Error(`the worker ended by itself, after ${at} kills`);
    onKill?.(at + 1);
    await sleep(random() * 20);
    await kill(worker);
    const open = await db
      .selectFrom('bot_notifications')
      .select('id')
      .where('sending_since', 'is not', null)
      .execute();
    between += open.length > 0 ? 1 : 0;
    for (const { id } of open) begun.add(id);
    await looksLost(db);
  }
  const last = await startWorker(url);
  let [came, since] = [received.length, Date.now()];
  while ((await waitingOf(db)) > 0) {
    if (received.length > came) [came, since] = [received.length, Date.now()];
    if (Date.now() - since > stalledMs) throw new Error(await stalled(db, kills));
    await sleep(20);
  }
  await kill(last);
  return judge(db, received, { kills, between, begun });
}

/** What is seen when nothing comes any more: the proof must not wait for ever. */
async function stalled(db: Db, kills: number): Promise<string> {
  const jobs = await sql`
    SELECT status, reason, attempt, generation, run_after, lease_until FROM engine.job_runs
    WHERE status IN ('queued', 'running') LIMIT 20`.execute(db);
  const messages = await sql`
    SELECT status, attempts, tries, min(send_after) AS send_after, min(sending_since) AS sending_since, count(*)::int
    FROM bot_notifications WHERE status = 'pending' GROUP BY status, attempts, tries`.execute(db);
  const channels = await sql`SELECT * FROM engine.channels`.execute(db);
  return `nothing came for ${stalledMs} ms after ${kills} kills: ${JSON.stringify({
    jobs: jobs.rows,
    messages: messages.rows,
    channels: channels.rows,
  })}`;
}

/** Messages about tickets of their own that are due now. */
async function queue(db: Db, count: number): Promise<void> {
  const tickets = await openTickets(db, count);
  await sql`
    INSERT INTO bot_notifications (ticket_id, channel, opens)
    SELECT id, 'ops', true FROM unnest(${tickets.map(({ id }) => id)}::uuid[]) AS id`.execute(db);
}

const isAlive = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode === null && signalCode === null;

export async function startWorker(url: string, which = ''): Promise<ChildProcess> {
  const worker = fork(program, [url, which], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [ready] = (await Promise.race([
    once(worker, 'message'),
    once(worker, 'exit'),
  ])) as unknown[];
  if (ready !== 'ready') throw new Error('the worker did not start');
  return worker;
}

export async function kill(worker: ChildProcess): Promise<void> {
  if (!isAlive(worker)) throw new Error('the worker ended by itself');
  const ended = once(worker, 'exit');
  worker.kill('SIGKILL');
  await ended;
}

/** What the lease and rescue do within seconds. A transaction that the killed worker had sent may still be ending. */
export async function looksLost(db: Db): Promise<void> {
  for (;;) {
    await sql`UPDATE engine.job_runs SET lease_until = engine.now() - interval '1 second' WHERE status = 'running'`.execute(
      db,
    );
    await endLostJobs(db, 100);
    await takeOverJobs(db, 100);
    const { rows } = await sql`SELECT FROM engine.job_runs WHERE status = 'running'`.execute(db);
    if (rows.length === 0) return;
  }
}

const waitingOf = async (db: Db): Promise<number> =>
  (await sql`SELECT FROM bot_notifications WHERE status = 'pending'`.execute(db)).rows.length;

async function judge(
  db: Db,
  received: Received[],
  { kills, between, begun }: { kills: number; between: number; begun: Set<string> },
): Promise<Killed> {
  const rows = await db.selectFrom('bot_notifications').selectAll().execute();
  const came = Map.groupBy(received, ({ id }) => id);
  const more = rows.filter(({ id }) => (came.get(id)?.length ?? 0) > 1);
  return {
    kills,
    between,
    messages: rows.length,
    lost: rows.filter(({ id, status }) => status !== 'sent' || !came.has(id)).map(({ id }) => id),
    repeated: more.length,
    unexplained: more.filter(({ id }) => !begun.has(id)).map(({ id }) => id),
    unmarked: more
      .filter(({ id }) =>
        came
          .get(id)!
          .slice(1)
          .some(({ data }) => !(data.repeats > 0)),
      )
      .map(({ id }) => id),
    uncounted: more
      .filter(({ id, repeats }) => came.get(id)!.length > repeats + 1)
      .map(({ id }) => id),
  };
}
