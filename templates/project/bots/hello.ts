/**
 * A bot of your own: one check, one remedy, and the knowledge that leads from what the check finds to the remedy.
 *
 * A check looks and writes nothing. A remedy changes one thing, in the transaction that records it. Change both into what your
 * platform needs; hello.test.ts is their test, and a start of Roundsman takes over what you have changed.
 */
import { defineBot, defineRemedy, sql, z } from 'roundsman/bot';
import type { CheckContext, CheckResult } from 'roundsman/bot';

const hasSpaces = sql<boolean>`name <> btrim(name)`;

/** Apps whose name begins or ends with a space. */
const wrongApps = (db: CheckContext['db']) =>
  db.selectFrom('app_catalog').select(['slug', 'name']).where(hasSpaces).execute();

export const trimNames = defineRemedy({
  name: 'app.trim-names',
  title: 'Remove the spaces around names of apps',
  // safe: it may be applied twice, and does no harm where it is of no use
  risk: 'safe',
  params: z.strictObject({}),
  isDone: async (_params, { db }) => (await wrongApps(db)).length === 0,
  async apply(_params, { db }) {
    const before = await wrongApps(db);
    const name = sql<string>`btrim(name)`;
    await db.updateTable('app_catalog').set({ name }).where(hasSpaces).execute();
    return { summary: `trimmed ${before.length} names`, before, after: await wrongApps(db) };
  },
  async undo(_params, { db, before }) {
    for (const { slug, name } of before as { slug: string; name: string }[])
      await db.updateTable('app_catalog').set({ name }).where('slug', '=', slug).execute();
    return { summary: 'gave the names their spaces back', before: [], after: before };
  },
});

/** Says what it examined, and which problems it found there. */
async function namesOfApps(_config: unknown, { db }: CheckContext): Promise<CheckResult> {
  const apps = await wrongApps(db);
  const title = `Names of apps have spaces around them: ${apps.length}`;
  const found = { severity: 'medium', category: 'names', component: 'app_catalog', title } as const;
  return { examined: ['app_catalog'], findings: apps.length > 0 ? [found] : [] };
}

export const hello = defineBot({
  name: 'hello',
  displayName: 'Hello',
  description: 'Looks for names of apps that are written wrongly.',
  // every five minutes
  schedule: '*/5 * * * *',
  // On a database without this table, where only the tables of Roundsman are, the bot is left off.
  needs: ['app_catalog'],
  config: z.strictObject({}),
  checks: [{ name: 'app-names', title: 'Are names of apps trimmed?', run: namesOfApps }],
  knowledge: [
    {
      name: 'app.spaces',
      category: 'names',
      pattern: '^names of apps have spaces',
      solution: 'steps:\n  - remedy: app.trim-names\n',
      autonomy: 'auto',
    },
  ],
});
