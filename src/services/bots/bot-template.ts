/** The two files with which a bot of one's own begins: a check that finds nothing yet, and a test that fails until it does. */

export interface BotTemplate {
  /** the text of the bot's file */
  bot: string;
  /** the text of its test, which node:test runs */
  test: string;
  /** what to change in the bot's file so that the test passes, as a sentence */
  edit: string;
}

/** `late-orders`: `late_orders_items`, `lateOrders`. A name that begins with a digit gets a letter before it. */
function namesFor(name: string) {
  const word = /^\d/.test(name) ? `bot-${name}` : name;
  const parts = word.split('-').filter((part) => part !== '');
  const variable = parts
    .map((part, at) => (at === 0 ? part : part[0]!.toUpperCase() + part.slice(1)))
    .join('');
  // The suffix keeps it from being a word of JavaScript, such as `delete`.
  return { table: `${parts.join('_')}_items`, variable: `${variable}Bot` };
}

const before = 'sql<boolean>`false`';
const after = "sql<boolean>`phase = 'stuck'`";

/** The files of a bot with this name, in which `your_items` becomes its table. `withRemedy`: with a remedy and the entry of knowledge that applies it. */
export function botTemplate(name: string, withRemedy: boolean): BotTemplate {
  const { table, variable } = namesFor(name);
  const remedy = `${name}.set-free`;
  return {
    edit: `put ${after} in place of ${before}`,
    bot: botText({ name, table, variable, remedy, withRemedy }).replaceAll('your_items', table),
    test: testText({ name, table, variable, withRemedy }).replaceAll('your_items', table),
  };
}

interface Names {
  name: string;
  table: string;
  variable: string;
  remedy: string;
  withRemedy: boolean;
}

const botText = ({ name, table, variable, remedy, withRemedy }: Names): string => `\
/** Finds rows of ${table} that are stuck. Replace this table by what you want to watch. */
import { ${withRemedy ? 'defineBot, defineRemedy' : 'defineBot'}, sql, z, type CheckContext, type CheckResult } from 'roundsman/bot';

// Which rows are a problem? As it stands none is, so the test beside this file fails.
// For the test to pass: ${after}
const isProblem = ${before};

const problems = async (db: CheckContext['db']): Promise<string[]> => {
  const { rows } = await sql<{ id: string }>\`SELECT id FROM ${table} WHERE \${isProblem} ORDER BY id\`.execute(db);
  return rows.map(({ id }) => id);
};

/** Says what it examined, and which problems it found there. Its connection refuses writes. */
async function findStuck(_config: unknown, { db }: CheckContext): Promise<CheckResult> {
  const ids = await problems(db);
  return {
    // What it looked at, whether it is well or not: an open finding about it resolves when it is not reported any more.
    examined: ['${table}'],
    findings:
      ids.length === 0
        ? []
        : [
            {
              severity: 'medium',
              category: '${name}',
              component: '${table}',
              title: \`Stuck rows of ${table}: \${ids.length}\`,
              metadata: { ids: ids.slice(0, 20) },
            },
          ],
  };
}
${withRemedy ? remedyText({ table, remedy }) : ''}
export const ${variable} = defineBot({
  name: '${name}',
  displayName: '${name}',
  description: 'Finds rows of ${table} that are stuck.',
  schedule: '*/15 * * * *',
  config: z.strictObject({}),
  checks: [{ name: 'stuck', title: 'Is no row of ${table} stuck?', run: findStuck }],${withRemedy ? knowledgeText({ name, table, remedy }) : ''}
});
`;

const remedyText = ({ table, remedy }: Pick<Names, 'table' | 'remedy'>): string => `
/** Runs in the transaction that records what it did. It can be undone, so it says what was there before. */
export const setFree = defineRemedy({
  name: '${remedy}',
  title: 'Set stuck rows of ${table} free',
  risk: 'reversible',
  params: z.strictObject({}),
  isDone: async (_params, { db }) => (await problems(db)).length === 0,
  async apply(_params, { db }) {
    const before = await problems(db);
    await sql\`UPDATE your_items SET phase = 'waiting' WHERE id = ANY (\${before})\`.execute(db);
    return { summary: \`set \${before.length} rows free\`, before, after: await problems(db) };
  },
  async undo(_params, { db, before }) {
    const ids = before as string[];
    await sql\`UPDATE your_items SET phase = 'stuck' WHERE id = ANY (\${ids})\`.execute(db);
    return { summary: \`\${ids.length} rows are stuck again\`, before: null, after: ids };
  },
});
`;

const knowledgeText = ({
  name,
  table,
  remedy,
}: Pick<Names, 'name' | 'table' | 'remedy'>): string => `
  // The pattern is found in title, description or component of a finding. \`suggest\`: a person approves each time.
  knowledge: [
    {
      name: '${name}.stuck',
      category: '${name}',
      pattern: '^stuck rows of ${table}',
      solution: 'steps:\\n  - remedy: ${remedy}\\n',
      autonomy: 'suggest',
    },
  ],`;

const testText = ({ name, table, variable, withRemedy }: Omit<Names, 'remedy'>): string => `\
/** \`npx node --test\` runs this on a database of its own, which is removed afterwards. */
${withRemedy ? "import assert from 'node:assert/strict';\n" : ''}import { after, test } from 'node:test';
import { sql } from 'roundsman/bot';
import { assertFindings, openScratch } from 'roundsman/testing';
import { ${withRemedy ? `setFree, ${variable}` : variable} } from './${name}.ts';

const scratch = await openScratch({ bots: [${variable}]${withRemedy ? ', remedies: [setFree]' : ''} });
after(() => scratch.close());

await sql\`CREATE TABLE ${table} (id text PRIMARY KEY, phase text NOT NULL)\`.execute(scratch.db);

test('nothing is reported where all is well', async () => {
  await sql\`INSERT INTO your_items VALUES ('a', 'waiting')\`.execute(scratch.db);
  assertFindings(await scratch.check(${variable}, 'stuck'), []);
});

test('a stuck row is found${withRemedy ? ', set free, and stuck again after the undo' : ''}', async () => {
  await sql\`INSERT INTO your_items VALUES ('b', 'stuck')\`.execute(scratch.db);
  assertFindings(await scratch.check(${variable}, 'stuck'), [{ component: '${table}', title: /: 1$/ }]);
${
  withRemedy
    ? `
  const healed = await scratch.heal(${variable}, 'stuck');
  assert.equal(healed.isVerified, true);
  assertFindings(healed.after, []);

  const { after: undone } = await healed.undo();
  assertFindings(undone, [{ component: '${table}' }]);
`
    : ''
}});
`;
