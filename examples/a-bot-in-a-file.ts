/**
 * A bot, its remedy and its knowledge, in one file that is a catalogue of its own.
 *
 *     npx node examples/a-bot-in-a-file.ts
 *
 * prints what is in it. To have the bot run, give the file to an engine of yours, as embed-the-engine.ts does. Its test is
 * a-bot-in-a-file.test.ts.
 */
import { defineBot, defineRemedy, sql, z } from 'roundsman/bot';
import type { CheckContext, CheckResult } from 'roundsman/bot';

const hasSpaces = sql<boolean>`name <> btrim(name)`;
const wrongApps = (db: CheckContext['db']) =>
  db.selectFrom('app_catalog').select(['slug', 'name']).where(hasSpaces).execute();

export const trimNames = defineRemedy({
  name: 'app.trim-names',
  title: 'Remove the spaces around names of apps',
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
async function appNames(_config: unknown, { db }: CheckContext): Promise<CheckResult> {
  const apps = await wrongApps(db);
  const title = `Names of apps have spaces around them: ${apps.length}`;
  const found = { severity: 'medium', category: 'names', component: 'app_catalog', title } as const;
  return { examined: ['app_catalog'], findings: apps.length > 0 ? [found] : [] };
}

const solution = 'steps:\n  - remedy: app.trim-names\n';
const pattern = '^names of apps have spaces';

export const editor = defineBot({
  name: 'editor',
  displayName: 'Editor',
  description: 'Looks for names that are written wrongly.',
  schedule: '0 * * * *',
  config: z.strictObject({}),
  checks: [{ name: 'app-names', title: 'Are names of apps trimmed?', run: appNames }],
  knowledge: [{ name: 'app.spaces', category: 'names', pattern, solution, autonomy: 'auto' }],
});

export const [bots, remedies] = [[editor], [trimNames]];

// Children of a worker import this file, too, and print nothing.
if (import.meta.main) console.log(`${editor.name}, with ${trimNames.name}`);
