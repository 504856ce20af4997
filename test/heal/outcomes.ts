/** Heals of the past, and what the cache of an entry says of them. */
import { sql } from 'kysely';
import type { Database, Db } from '../../src/database/connect.ts';
import { figuresOf, type About, type Figures } from '../../src/heal/judging/figures.ts';
import { playbook, type entry } from '../support/builders.ts';
import { leftBehind, simulatedPlatform } from './simulated-platform.ts';

export type SimulatedPlatform = Awaited<ReturnType<typeof simulatedPlatform>>;

/** Further ends of heals that do not concern what is open now. */
export async function healed(
  platform: SimulatedPlatform,
  knowledge: string,
  outcomes: { [state in Database['bot_actions']['state']]?: number },
  values: object = {},
) {
  for (const [state, count] of Object.entries(outcomes))
    for (let number = 0; number < count; number++)
      await leftBehind(platform, knowledge, 'disk.clean', state as 'held', {
        fingerprint: `past-${state}-${number}`,
        finding_id: null,
        taken_at: sql<Date>`engine.now() - interval '2 hours'`,
        settled_at: sql<Date>`engine.now() - interval '10 minutes'`,
        ...values,
      });
}

/** Findings that this entry matched and that were left alone, and whether they went away. */
export const leftAlone = (
  { db }: SimulatedPlatform,
  knowledge: string,
  { recovered = 0, persisted = 0 }: { recovered?: number; persisted?: number },
  { component = 'disk', days = 0 }: { component?: string; days?: number } = {},
) =>
  sql`
    INSERT INTO bot_decisions (bot_id, knowledge_id, fingerprint, component, verdict, outcome, settled_at)
    SELECT (SELECT id FROM bots LIMIT 1), k.id, 'elsewhere', ${component}, 'shadowed', o,
           engine.now() - make_interval(days => ${days}::int)
    FROM bot_knowledge k, LATERAL (
      SELECT 'recovered' AS o FROM generate_series(1, ${recovered}::int)
      UNION ALL SELECT 'persisted' FROM generate_series(1, ${persisted}::int)) o
    WHERE k.name = ${knowledge}`.execute(db);

export const idOf = async ({ db }: SimulatedPlatform, name: string): Promise<string> =>
  (
    await db
      .selectFrom('bot_knowledge')
      .select('id')
      .where('name', '=', name)
      .executeTakeFirstOrThrow()
  ).id;

export async function figures(
  platform: SimulatedPlatform,
  name: string,
  about: Partial<About> = {},
): Promise<Figures> {
  const id = await idOf(platform, name);
  const known = await figuresOf(platform.db, [id], {
    fingerprint: null,
    component: null,
    category: null,
    ...about,
  });
  return known.get(id)!;
}

/** Entries whose three documented columns are not what the ledger says; none is as it ought to be. */
export async function miscounted(db: Db): Promise<object[]> {
  const { rows } = await sql<object>`
    SELECT k.name, k.times_applied, k.times_successful, k.success_rate, c.*
    FROM bot_knowledge k JOIN engine.counted(ARRAY(SELECT id FROM bot_knowledge)) c ON c.knowledge_id = k.id
    WHERE (k.times_applied, k.times_successful, k.success_rate)
      IS DISTINCT FROM (c.times_applied, c.times_successful, c.success_rate)`.execute(db);
  return rows;
}

/** A bot whose finding was seen once, before any entry might do anything about it. */
export async function diagnosed(
  knowledge: ReturnType<typeof entry>[],
  options: Parameters<typeof simulatedPlatform>[2] = {},
  cures: Parameters<typeof simulatedPlatform>[1] = [{ name: 'disk.clean' }],
): Promise<SimulatedPlatform> {
  const platform = await simulatedPlatform(knowledge, cures, options);
  await platform.seen();
  await platform.forget();
  return platform;
}

export const clean = playbook('disk.clean');
