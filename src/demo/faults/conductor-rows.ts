/** Workers, scores and results of runs, for faults of the conductor. */
import type { Db } from '../../database/connect.ts';
import { before, day, hour } from '../time.ts';
import { plantBot } from './bot-rows.ts';
import { nextId } from './ids.ts';

export const active = { status: 'active' } as const;

/** The `metadata` of a run whose check examined so many components. */
export const metadataOf = (examined: number) =>
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
      started_at: before(now, hour),
      heartbeat_at: now,
    })
    .execute();

/** Adds a bot with this health score for yesterday. It has too few runs today for a score. */
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
      { bot_id, day: dayOf(before(now, day)), runs: 50, health_score },
      { bot_id, day: dayOf(now), runs: 1, health_score: null },
    ])
    .execute();
}

export const failed = { status: 'failed', error_message: 'the disk did not answer' } as const;
