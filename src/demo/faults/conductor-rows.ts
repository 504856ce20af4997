/** Workers, scores and results of runs, for faults of the conductor. */
import type { Db } from '../../database/connect.ts';
import { before, day, hour, minutesBefore } from '../time.ts';
import { healStep, plantBot, plantFinding } from './bot-rows.ts';
import { nextId, nextName } from './ids.ts';

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

/** Adds an entry of knowledge that acts by itself. It fits none of the findings of other bots. Returns its id. */
export async function plantEntry(db: Db): Promise<string> {
  const name = nextName();
  const { id } = await db
    .insertInto('bot_knowledge')
    .values({
      name,
      category: 'fiction',
      issue_pattern: `^${name} is broken$`,
      solution: 'steps:\n  - remedy: session.expire\n',
      autonomy: 'auto',
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** Adds a heal that held, so many minutes ago, of a problem that began a minute before. */
export async function plantHeal(
  db: Db,
  now: Date,
  {
    bot,
    entry,
    component,
    minutes,
  }: { bot: string; entry: string; component: string; minutes: number },
): Promise<void> {
  const healed = minutesBefore(now, minutes);
  const finding = await plantFinding(db, bot, {
    affected_component: component,
    detected_at: minutesBefore(now, minutes + 1),
    resolved_at: healed,
    resolution_method: 'auto-fixed',
  });
  await db
    .insertInto('bot_actions')
    .values(
      healStep(bot, now, minutes, {
        knowledge_id: entry,
        finding_id: finding.id,
        component,
        state: 'held',
        success: true,
        applied_at: healed,
        settled_at: healed,
      }),
    )
    .execute();
}
