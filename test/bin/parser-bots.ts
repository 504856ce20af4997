/** The catalogue of a copied checkout that changes pg for its whole process, as drizzle-orm and others do. */
import pg from 'pg';
import { defineBot, z, type Check } from '../../src/bot.ts';

const { types, defaults } = pg;

function change(): void {
  for (const oid of [...Object.values(types.builtins), 1115, 1182, 1185, 1231])
    types.setTypeParser(oid, (text: string) => text);
  defaults.parseInt8 = true;
  Object.assign(defaults, { binary: true, ssl: true, query_timeout: 1 });
}
change();

const bot = (name: string, schedule: string, run: Check<unknown>['run']) =>
  defineBot({
    name,
    displayName: name,
    description: name,
    schedule,
    config: z.looseObject({}),
    checks: [{ name: 'is-well', title: 'Is it well?', run }],
  });

export const bots = [
  bot('looks', '0 0 1 1 *', async (_, { db }) => {
    const rows = await db.selectFrom('bots').select(['created_at', 'name']).execute();
    if (!rows.every(({ created_at: at }) => at instanceof Date)) throw new Error('no dates');
    return { examined: rows.map(({ name }) => name), findings: [] };
  }),
  bot('changes', '0 0 1 1 *', async () => {
    change();
    return { examined: ['x'], findings: [] };
  }),
];
export const remedies = [];
