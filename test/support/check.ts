/** Calls one check or remedy without an engine, in the same way as the engine does. */
import { sql } from 'kysely';
import { SkippedCheck } from '../../src/bot.ts';
import type {
  Bot,
  CheckResult,
  EventContext,
  EventResult,
  Evidence,
  Remedy,
  Target,
} from '../../src/bot.ts';
import { botChanges } from '../../src/heal/bot-changes.ts';
import type { Db } from '../../src/database/connect.ts';

async function databaseTime(db: Db): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`SELECT engine.now() AS now`.execute(db);
  return rows[0]!.now;
}

/**
 * Runs a check in a transaction that refuses to write. Rejects with SkippedCheck when the check skips. A check of a state
 * gets `since`. A check of events gets, by default, the time from the beginning of its window on, and every key.
 */
export async function runCheck(
  bot: Bot,
  checkName: string,
  db: Db,
  config: Record<string, unknown> = {},
  {
    now: given,
    since = null,
    secrets = {},
    remembered = null,
    runId = '00000000-0000-4000-8000-000000000000',
    ...events
  }: {
    now?: Date;
    since?: Date | null;
    secrets?: Record<string, string>;
    remembered?: unknown;
    /** of the run that asks; checks of one run may share what they read */
    runId?: string;
  } & Partial<Pick<EventContext, 'from' | 'starts' | 'only'>> = {},
): Promise<CheckResult & Partial<EventResult>> {
  const check = bot.checks.find(({ name }) => name === checkName);
  if (!check) throw new Error(`${bot.name} has no check ${checkName}`);
  const read = bot.config.parse(config);
  let skipped: SkippedCheck | undefined;
  const asked = db
    .transaction()
    .setAccessMode('read only')
    .execute(async (transaction) => {
      const now = given ?? (await databaseTime(transaction));
      const context = {
        db: transaction,
        now,
        signal: new AbortController().signal,
        run: {
          id: runId,
          attempt: 1,
          endpoint: `/api/bots/${bot.name}`,
          timeoutMs: 60_000,
          leftMs: 60_000,
        },
        remembered,
        progress: () => {},
        secret(name: string): string {
          if (Object.hasOwn(secrets, name)) return secrets[name]!;
          throw new SkippedCheck(`the secret ${name} is not stored`);
        },
        skip(reason: string): never {
          throw new SkippedCheck(reason);
        },
        timeOut(reason: string): never {
          throw new Error(reason);
        },
        awaitReport: () => Promise.reject(new Error('there is no run that could wait')),
      };
      try {
        if (!check.events) return await check.run(read, { ...context, since });
        const from = new Date(now.getTime() - check.windowSeconds(read) * 1_000);
        return await check.run(read, { ...context, from, starts: [], only: null, ...events });
      } catch (error) {
        // The transaction is committed: bots count what is rolled back, and the engine opens none around a check.
        if (!(error instanceof SkippedCheck)) throw error;
        skipped = error;
        return null;
      }
    });
  // Where a statement had failed before the check skipped, the commit fails.
  const result = await asked.catch((error: unknown) => {
    throw skipped ?? error;
  });
  if (result === null) throw skipped!;
  return result;
}

/** Applies a remedy in a transaction of its own. Returns its evidence, and the answers of `isDone` before and after. */
export function applyRemedy(
  remedy: Remedy,
  db: Db,
  params: Record<string, unknown> = {},
  { now, target = {} }: { now?: Date; target?: Partial<Target> } = {},
): Promise<Evidence & { wasDone: boolean | null; isDone: boolean | null }> {
  return db.transaction().execute(async (transaction) => {
    const parsed = remedy.params.parse(params);
    const context = {
      ...botChanges(transaction),
      db: transaction,
      target: { fingerprint: 'f', component: 'c', key: 'k', metadata: {}, ...target },
      key: 'one application',
      secret: (name: string) => name,
      now: now ?? (await databaseTime(transaction)),
      signal: new AbortController().signal,
    };
    const wasDone = await remedy.isDone(parsed, context);
    const evidence = await remedy.apply(parsed, context);
    return { ...evidence, wasDone, isDone: await remedy.isDone(parsed, context) };
  });
}
