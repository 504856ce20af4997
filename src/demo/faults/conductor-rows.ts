/** Workers, scores and results of runs, for faults of the conductor. */
import type { Db } from '../../database/connect.ts';
import { minutesBefore, plantBot } from './bot-rows.ts';
import { nextId } from './ids.ts';

export const hour = 60;
export const active = { status: 'active' } as const;

export const many = <Row>(count: number, row: (index: number) => Row): Row[] =>
  Array.from({ length: count }, (_, index) => row(index));

/** What a run stores of a check that looked at so many components. */
export const looked = (examined: number) =>
  JSON.stringify({ checks: [{ name: 'latency', status: 'passed', examined, findings: 0 }] });

/** A worker that has room for ten runs. */
export const plantWorker = (db: Db, now: Date) =>
  db
    .insertInto('engine.nodes')
    .values({
      id: nextId(),
      role: 'worker',
      host: 'fiction',
      pid: 1,
      places: 10,
      started_at: minutesBefore(now, hour),
      heartbeat_at: now,
    })
    .execute();

/** A bot with this health score yesterday; today has too few runs for one. */
export async function plantScore(
  db: Db,
  now: Date,
  name: string,
  health_score: number,
): Promise<void> {
  const bot_id = await plantBot(db, name, active);
  const dayOf = (at: Date) => at.toISOString().slice(0, 10);
  await db
    .insertInto('bot_metrics')
    .values([
      { bot_id, day: dayOf(minutesBefore(now, 24 * hour)), runs: 50, health_score },
      { bot_id, day: dayOf(now), runs: 1, health_score: null },
    ])
    .execute();
}

export const failed = { status: 'failed', error_message: 'the disk did not answer' } as const;
