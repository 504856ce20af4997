/** What a plan says of the consequences, against rows that decide them. */
import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { bots, remedies } from '../../../bots/index.ts';
import { catalogueOf } from '../../../src/catalogue/catalogue.ts';
import { registerCatalogue } from '../../../src/schedule/register.ts';
import { nextSlot, parseSchedule } from '../../../src/schedule/cron.ts';
import { applyPlan } from '../../../src/services/definitions/apply.ts';
import { addConsequences } from '../../../src/services/definitions/consequences/add.ts';
import { healStep } from '../../../src/demo/faults/bot-rows.ts';
import { planOf } from '../../../src/services/definitions/plan.ts';
import { ago, insertBot, insertFinding, insertTicket } from '../../cli/rows.ts';
import { testDatabase } from '../../support/database.ts';

const { db } = await testDatabase();
const catalogue = catalogueOf(bots, remedies);
const actor = { name: 'ann', role: 'owner' } as const;

beforeEach(async () => {
  await sql`TRUNCATE bots, bot_knowledge, bot_findings, bot_tickets, bot_actions, engine.definitions CASCADE`.execute(
    db,
  );
  await sql`DELETE FROM engine.settings WHERE key IN ('healing', 'mode')`.execute(db);
  await registerCatalogue(db, catalogue);
});

const plan = (kind: string, definitions: string) =>
  planOf(
    { db, catalogue },
    {
      files: [
        {
          place: `${kind}.yaml`,
          text: `apiVersion: roundsman/v1\nkind: ${kind}\ndefinitions:\n${definitions}`,
        },
      ],
    },
  );
const apply = async (kind: string, definitions: string) =>
  applyPlan({ db, actor, catalogue }, { plan: await plan(kind, definitions) });

/** The sentences of all changes of a file. */
async function said(kind: string, definitions: string): Promise<string[]> {
  const { changes } = await plan(kind, definitions);
  await addConsequences({ db, catalogue }, changes);
  return changes.flatMap(({ consequences }) => consequences);
}

const bot = (more: string) => `  sweeper: { endpoint: conductor, ${more} }\n`;

test('a schedule: the next five runs in its zone, and how many come in a day, before and after', async () => {
  await apply('bots', bot("schedule: '0 * * * *'"));
  const [next, aDay, ...rest] = await said(
    'bots',
    bot("schedule: '30 2 * * *', timezone: Europe/Berlin"),
  );
  const slots: Date[] = [];
  const schedule = parseSchedule('30 2 * * *', 'Europe/Berlin');
  while (slots.length < 5) slots.push(nextSlot(schedule, slots.at(-1) ?? new Date()));
  expect(next).toMatch(/^next runs \(Europe\/Berlin\): /);
  expect(next!.split(', ')).toHaveLength(5);
  const day = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Berlin', dateStyle: 'short' });
  for (const slot of slots) expect(next).toContain(`${day.format(slot)} 02:30`);
  expect(aDay).toBe('runs in the next 24 hours: 1, and 24 before the change');
  expect(rest).toEqual([]);
});

test('a bot that is new, switched off, or changed in what its schedule does not depend on', async () => {
  expect(await said('bots', bot("schedule: '*/15 * * * *'"))).toEqual([
    expect.stringMatching(/^next runs \(UTC\): /),
    'runs in the next 24 hours: 96',
  ]);
  await apply('bots', bot("schedule: '*/15 * * * *'"));
  expect(await said('bots', bot("schedule: '*/15 * * * *', enabled: false"))).toEqual([
    'it does not run',
  ]);
  expect(await said('bots', bot("schedule: '*/15 * * * *', timeout: 3m"))).toEqual([]);
  await apply('bots', bot("schedule: '*/15 * * * *', enabled: false"));
  expect(await said('bots', bot("schedule: '*/15 * * * *', enabled: true"))).toContain(
    'runs in the next 24 hours: 96, and 0 before the change',
  );
});

const entry = (more: string) =>
  `  own.queue: { category: own, solution: 'steps: [{ remedy: session.expire }]', ${more} }\n`;

test('a pattern: the findings of the last 30 days that it would have matched', async () => {
  const id = await insertBot(db, 'watch');
  for (const n of [1, 2, 3])
    await insertFinding(db, id, `queue ${n} is full`, { detected_at: ago(n * 60) });
  await insertFinding(db, id, 'queue 4 is full', {
    detected_at: ago(31 * 1_440),
    last_seen_at: ago(31 * 1_440),
  });
  await insertFinding(db, id, 'disk is full', { detected_at: ago(5) });
  expect(await said('knowledge', entry("pattern: '^queue \\d+ is full'"))).toContain(
    'in the last 30 days it would have matched 3 of 4 findings, of 3 problems',
  );
});

test('a pattern that ends with a line break, as a text of YAML in lines of its own does, is the one without it', async () => {
  const inLines = `  own.queue:
    category: own
    solution: 'steps: [{ remedy: session.expire }]'
    pattern: |
      ^queue
`;
  await apply('knowledge', inLines);
  const { rows } =
    await sql`SELECT issue_pattern FROM bot_knowledge WHERE name = 'own.queue'`.execute(db);
  expect(rows).toEqual([{ issue_pattern: '^queue' }]);
  expect((await plan('knowledge', inLines)).changes).toEqual([]);
});

test('an autonomy: the gate that it opens or closes', async () => {
  await sql`INSERT INTO engine.settings (key, value) VALUES ('mode', '"auto"')`.execute(db);
  const pattern = "pattern: '^queue'";
  expect(await said('knowledge', entry(`${pattern}, autonomy: auto`))).toContain(
    'no gate of what people decide is closed: it acts alone',
  );
  await apply('knowledge', entry(`${pattern}, autonomy: auto`));
  const [closes] = await said('knowledge', entry(`${pattern}, autonomy: suggest`));
  expect(closes).toMatch(/^the gate \S+ closes: it does not act alone$/);
  await apply('knowledge', entry(`${pattern}, autonomy: suggest`));
  expect(await said('knowledge', entry(`${pattern}, autonomy: auto`))).toEqual([
    'no gate of what people decide is closed: it acts alone',
  ]);
});

test('a limit: whether the heals of the last hour close the gate', async () => {
  const id = await insertBot(db, 'watch');
  await db
    .insertInto('bot_actions')
    .values([1, 2, 3].map((minutes) => healStep(id, new Date(), minutes)))
    .execute();
  expect(await said('limits', '  heals_per_hour: 3\n')).toEqual([
    '3 heals began in the last hour: the gate budget closes',
  ]);
  expect(await said('limits', '  heals_per_hour: 4\n')).toEqual([
    '3 heals began in the last hour: the gate budget stays open',
  ]);
  await apply('limits', '  heals_per_hour: 2\n');
  expect(await said('limits', '  heals_per_hour: 4\n')).toEqual([
    '3 heals began in the last hour: the gate budget opens',
  ]);
});

test('a policy: the tickets of the last 30 days that it would have given to a person, those that have ended included', async () => {
  const id = await insertBot(db, 'watch');
  // Nobody looked at this one for two hours; this one was acknowledged after ten minutes; one is older than 30 days.
  await insertTicket(db, id, 'open', { created_at: ago(120), severity: 'high' });
  await insertTicket(db, id, 'seen', {
    created_at: ago(600),
    acknowledged_at: ago(590),
    severity: 'high',
  });
  await insertTicket(db, id, 'ended', {
    created_at: ago(3_000),
    status: 'resolved',
    resolved_at: ago(2_900),
    resolution_notes: 'it was the cable',
    severity: 'high',
  });
  await insertTicket(db, id, 'old', { created_at: ago(40 * 1_440), severity: 'high' });
  const policy = `  rules:
    - name: urgent
      when: { severities: [high] }
      steps:
        - { after: 30m, to: cy }
`;
  expect(await said('policy', policy)).toContainEqual(
    expect.stringMatching(/^of 3 tickets of the last 30 days it would have moved 2\b/),
  );
});
