/**
 * A bot, its remedy and its knowledge, in one file that is a catalogue of its own.
 *
 *     npx node examples/a-bot-in-a-file.ts
 *
 * reads the catalogue as every process of Roundsman does, and prints what is in it. To have the bot run: move the file
 * to bots/ and name both in bots/index.ts, or give the file to an engine of yours, as embed-the-engine.ts does.
 */
import { defineBot, defineRemedy, sql, z } from '../src/bot.ts';
import type { CheckContext, CheckResult } from '../src/bot.ts';
import { catalogueOf } from '../src/catalogue/catalogue.ts';

const hasSpaces = sql<boolean>`name <> btrim(name)`;
const wrongApps = (db: CheckContext['db']) =>
  db.selectFrom('app_catalog').select('slug').where(hasSpaces).execute();

const trimNames = defineRemedy({
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

const editor = defineBot({
  name: 'editor',
  displayName: 'Editor',
  description: 'Looks for names that are written wrongly.',
  schedule: '0 * * * *',
  config: z.strictObject({}),
  checks: [{ name: 'app-names', title: 'Are names of apps trimmed?', run: appNames }],
  knowledge: [{ name: 'app.spaces', category: 'names', pattern, solution, autonomy: 'auto' }],
});

export const bots = [editor];
export const remedies = [trimNames];

// Children of a worker import this file, too, and print nothing.
if (import.meta.main) {
  const known = catalogueOf(bots, remedies);
  console.log(`${known.bots.map(({ name }) => name)}, with ${known.remedyNames}`);
}
