/** Calls one check or remedy alone, as the engine does. */
import { sql } from 'kysely';
import { SkippedCheck } from '../../src/bot.ts';
import type { Bot, CheckResult, Evidence, Remedy, Target } from '../../src/bot.ts';
import type { Db } from '../../src/data/connect.ts';

async function databaseTime(db: Db): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`SELECT engine.now() AS now`.execute(db);
  return rows[0]!.now;
}

/** In a transaction that refuses to write. Rejects with SkippedCheck where the check skips. */
export function runCheck(
  bot: Bot,
  checkName: string,
  db: Db,
  config: Record<string, unknown> = {},
  { now, since = null }: { now?: Date; since?: Date | null } = {},
): Promise<CheckResult> {
  const check = bot.checks.find(({ name }) => name === checkName);
  if (!check) throw new Error(`${bot.name} has no check ${checkName}`);
  return db
    .transaction()
    .setAccessMode('read only')
    .execute(async (transaction) =>
      check.run(bot.config.parse(config), {
        db: transaction,
        now: now ?? (await databaseTime(transaction)),
        since,
        signal: new AbortController().signal,
        skip(reason) {
          throw new SkippedCheck(reason);
        },
      }),
    );
}

/** In a transaction of its own, with what `isDone` said before and after. */
export function applyRemedy(
  remedy: Remedy,
  db: Db,
  params: Record<string, unknown> = {},
  { now, target = {} }: { now?: Date; target?: Partial<Target> } = {},
): Promise<Evidence & { wasDone: boolean | null; isDone: boolean | null }> {
  return db.transaction().execute(async (transaction) => {
    const parsed = remedy.params.parse(params);
    const context = {
      db: transaction,
      target: { fingerprint: 'f', component: 'c', key: 'k', metadata: {}, ...target },
      key: 'one application',
      now: now ?? (await databaseTime(transaction)),
      signal: new AbortController().signal,
    };
    const wasDone = await remedy.isDone(parsed, context);
    const evidence = await remedy.apply(parsed, context);
    return { ...evidence, wasDone, isDone: await remedy.isDone(parsed, context) };
  });
}
