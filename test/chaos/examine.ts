/** Examines the database at the end, when no run is queued or running. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readHistory } from './attempts.ts';
import { readWritten } from './audit.ts';
import type { Crew } from './crew.ts';
import type { MadeFault } from './make-faults.ts';
import { brokenPromises } from './invariants.ts';
import { unruly } from './load.ts';
import { hitsOf, queueRecoveryTimes, recoveryTimes, unexplainedAttempts } from './recovery.ts';
import type { Findings } from './report.ts';
import type { Scene } from './scene.ts';
import { countSlots, slotRows, type Span } from './slots.ts';

type Examined = Omit<Findings, 'backend' | 'minutes' | 'made'>;

export async function examine(
  { postgres, crew }: Scene,
  spans: Span[],
  made: MadeFault[],
): Promise<Examined> {
  const written = await readWritten(postgres);
  const byAddress = new Map(crew.posts.map(({ from, name }) => [from, name]));
  const history = readHistory(written, postOf(crew), (address) => byAddress.get(address));
  const names = await postgres.ask<{ id: string; name: string }>('SELECT id, name FROM bots');
  const nameOf = new Map(names.map(({ id, name }) => [id, name]));
  const hits = hitsOf(made, crew.lives);
  const isUnruly = (bot: string) => unruly.test(nameOf.get(bot) ?? '');
  const starts = Map.groupBy(history.attempts, ({ run }) => run);
  return {
    statuses: await statuses('true'),
    ordinary: await statuses(`b.name ~ '^(quick|steady|long|site)-'`),
    slots: countSlots(spans, await slotRows(postgres)),
    attemptedTwice: [...starts.values()].filter(({ length }) => length > 1).length,
    recovery: recoveryTimes(history.attempts, hits, made),
    queueRecovery: queueRecoveryTimes(written, history.attempts, made),
    violations: [
      ...history.violations,
      ...unexplainedAttempts(history.attempts, hits, isUnruly),
      ...(await brokenPromises(postgres)),
      ...unexpectedEnds(crew),
    ],
  };

  async function statuses(which: string): Promise<Record<string, number>> {
    const rows = await postgres.ask<{ status: string; count: number }>(
      `SELECT e.status, count(*)::int FROM bot_executions e JOIN bots b ON b.id = e.bot_id
       WHERE ${which} GROUP BY e.status ORDER BY 2 DESC`,
    );
    return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
  }
}

/** Finds the post of a worker by the name under which it leases runs: the name contains its process id. */
function postOf({ lives }: Crew): (worker: string) => string {
  const byPid = new Map(lives.map(({ pid, post }) => [pid, post.name]));
  return (worker) => byPid.get(Number(/-(\d+)-[0-9a-f]{8}$/.exec(worker)?.[1])) ?? worker;
}

/**
 * The processes that ended although the harness did not end them. SIGKILL does not count: a bot may have killed its own
 * worker.
 */
const unexpectedEnds = ({ lives }: Crew): string[] =>
  lives
    .filter(
      ({ readyAt, endedAt, endedFor, how }) => readyAt && endedAt && !endedFor && how !== 'SIGKILL',
    )
    .map(
      ({ post, pid, how, endedAt, lastOutput: lastWords }) =>
        `${post.name} (pid ${pid}) ended by itself at ${new Date(endedAt!).toISOString()}, ${how}: ${lastWords.trim().slice(-600)}`,
    );

/** Writes the tables into files, for the search for reasons: the servers are gone when the harness has ended. */
export async function keepEvidence({ postgres, directory }: Scene): Promise<void> {
  const tables = ['chaos.written', 'bot_executions', 'bots', 'bot_findings', 'bot_actions'];
  for (const table of tables) {
    const rows = await postgres.ask<{ row: object }>(`SELECT to_jsonb(t) AS row FROM ${table} t`);
    const lines = rows.map(({ row }) => `${JSON.stringify(row)}\n`);
    writeFileSync(join(directory, `${table}.jsonl`), lines.join(''));
  }
}
