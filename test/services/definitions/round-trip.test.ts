/** An apply of what an export wrote changes nothing, whatever the platform is; and an empty one becomes the same by it. */
import fc from 'fast-check';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { bots, remedies } from '../../../bots/index.ts';
import { catalogueOf } from '../../../src/catalogue/catalogue.ts';
import { applyPlan } from '../../../src/services/definitions/apply.ts';
import { exportOf } from '../../../src/services/definitions/export.ts';
import { kinds } from '../../../src/services/definitions/kinds/index.ts';
import { planOf } from '../../../src/services/definitions/plan.ts';
import { testDatabase } from '../../support/database.ts';

const { db } = await testDatabase();
const catalogue = catalogueOf(bots, remedies);
const actor = { name: 'ann', role: 'owner' } as const;

/** Texts as people and other programs write them: several lines, quotes, tabs, marks that reorder text, what YAML takes for something else. */
const text = fc.oneof(
  fc.constantFrom(
    'no',
    '~',
    '2026-12-24',
    '0x1F',
    '1:30',
    ' a',
    '- a',
    'a: b',
    '# a',
    "it's",
    '"',
    '{{secret:NAME}}',
  ),
  fc.constantFrom(
    'a\nb',
    '\n a\n',
    'a\n\nb\n',
    'a\r\nb',
    'a\tb',
    '\u202Ea',
    '\u00A0',
    '😀',
    '| a',
    '> a',
    '%a',
    '@a',
    '*a',
    '&a',
  ),
  fc
    .string({ unit: 'binary', minLength: 1, maxLength: 30 })
    .map((each) => each.toWellFormed().replaceAll('\0', '')),
);
const word = text.filter((each) => each.trim() !== '');
const json: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.boolean(),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    text,
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(word, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value;

const bot = fc.record({
  name: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,20}$/),
  display_name: word,
  description: fc.option(word),
  schedule_cron: fc.constantFrom(
    '* * * * *',
    '*/5 * * * *',
    '@hourly',
    '30 9 * * 1-5',
    'CRON_TZ=Europe/Berlin 0 1 * * *',
  ),
  timezone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York'),
  api_endpoint: fc.constantFrom('/api/bots/conductor', 'bot:curator', 'https://example.com/bot'),
  config: fc.dictionary(word, json, { maxKeys: 3, noNullPrototype: true }),
  catch_up: fc.constantFrom('skip' as const, 'last' as const, 'all' as const),
  catch_up_limit: fc.integer({ min: 1, max: 100 }),
  grace_seconds: fc.integer({ min: 0, max: 31_536_000 }),
  overlap: fc.constantFrom('skip' as const, 'queue' as const),
  jitter_seconds: fc.integer({ min: 0, max: 30 }),
  timeout_seconds: fc.integer({ min: 1, max: 86_400 }),
  priority: fc.integer({ min: 0, max: 2_097_151 }),
  confirm: fc.integer({ min: 1, max: 20 }),
  status: fc.constantFrom('active' as const, 'paused' as const, 'disabled' as const),
});
const entry = fc.record({
  name: fc.stringMatching(/^[a-z0-9][a-z0-9.-]{0,30}$/),
  category: word,
  issue_pattern: fc.constantFrom('is torn', '^no: ', 'a\\tb', '(timeout|refused) after'),
  solution: word,
  autonomy: fc.constantFrom('shadow' as const, 'suggest' as const, 'auto' as const),
  half_life_days: fc.integer({ min: 1, max: 36_500 }),
  enabled: fc.boolean(),
});
const silence = fc.record({
  component: word,
  category: fc.option(word),
  reason: word,
  until_resolved: fc.boolean(),
});
const platform = fc.record({
  bots: fc.uniqueArray(bot, { selector: ({ name }) => name, maxLength: 4 }),
  entries: fc.uniqueArray(entry, { selector: ({ name }) => name, maxLength: 4 }),
  silences: fc.array(silence, { maxLength: 3 }),
  limit: fc.option(fc.integer({ min: 0, max: 1_000 })),
  days: fc.option(fc.integer({ min: 1, max: 3_650 })),
});

const fitting = (each: string, length: number) => [...each].slice(0, length).join('');

async function plant({
  bots,
  entries,
  silences,
  limit,
  days,
}: typeof platform extends fc.Arbitrary<infer P> ? P : never) {
  await sql`TRUNCATE bots, bot_knowledge, bot_silences, engine.definitions CASCADE`.execute(db);
  await sql`DELETE FROM engine.settings WHERE key IN ('backup_keep_days', 'budget')`.execute(db);
  await sql`SELECT set_config('engine.adds_anew', 'on', false)`.execute(db);
  for (const { config, display_name, ...each } of bots)
    await db
      .insertInto('bots')
      .values({ ...each, display_name: fitting(display_name, 100), config: JSON.stringify(config) })
      .execute();
  for (const { category, ...each } of entries)
    await db
      .insertInto('bot_knowledge')
      .values({ ...each, category: fitting(category, 50) })
      .execute();
  for (const each of silences)
    await db
      .insertInto('bot_silences')
      .values({
        ...each,
        owner: 'ann',
        expires_at: each.until_resolved ? null : new Date(Date.now() + 86_400_000),
      })
      .execute();
  if (limit !== null)
    await sql`INSERT INTO engine.settings (key, value) VALUES ('budget', ${JSON.stringify({ heals_per_hour: limit })}::jsonb)`.execute(
      db,
    );
  if (days !== null)
    await sql`INSERT INTO engine.settings (key, value) VALUES ('backup_keep_days', ${JSON.stringify(days)}::jsonb)`.execute(
      db,
    );
}

const exported = (files: { place: string; text: string }[] = []) =>
  exportOf(db, {
    kinds,
    files,
    all: files.length === 0,
    placeOf: ({ kind }) => `${kind}.yaml`,
    schemaOf: ({ kind }) => `${kind}.schema.json`,
  });

const everything = async () =>
  Object.fromEntries(
    await Promise.all(kinds.map(async (kind) => [kind.kind, await kind.present(db)] as const)),
  );

test('an apply of an export changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(platform, async (planted) => {
      await plant(planted);
      const before = await everything();
      const { files } = await exported();
      const plan = await planOf({ db, catalogue }, { files });
      expect(plan.changes.map(({ name, fields }) => ({ name, fields }))).toEqual([]);
      await applyPlan({ db, actor, catalogue }, { plan });
      const after = await everything();
      // Silences have the names of their definitions from then on.
      expect(after).toEqual(before);
      expect((await exported(files)).files).toEqual([]);
    }),
    { numRuns: Number(process.env.ROUND_TRIPS ?? 15), endOnFailure: true },
  );
});
