import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { KnowledgeSeed } from '../../src/bot.ts';
import { entry, playbook } from '../support/builders.ts';
import { set } from '../support/runs.ts';
import { leftBehind, simulatedPlatform, type Cure } from './simulated-platform.ts';

type SimulatedPlatform = Awaited<ReturnType<typeof simulatedPlatform>>;

const clean: Cure = { name: 'disk.clean' };
const seed = entry('clean', playbook('disk.clean'));
const minutes = (count: number) => sql<Date>`engine.now() - make_interval(mins => ${count})`;

/** Records the finding while the mode is off, so that the test can insert rows about it. */
async function diagnosed(
  knowledge: KnowledgeSeed[] = [seed],
  cures: Cure[] = [clean],
): Promise<SimulatedPlatform> {
  const platform = await simulatedPlatform(knowledge, cures);
  await set(platform.db, 'mode', 'off');
  await platform.round();
  await platform.forget();
  await set(platform.db, 'mode', 'safe');
  return platform;
}

async function ended(
  platform: SimulatedPlatform,
  count: number,
  state: 'failed' | 'verified',
  ago: number,
) {
  for (let number = 0; number < count; number++)
    await leftBehind(platform, 'clean', 'disk.clean', state, {
      taken_at: minutes(ago),
      fingerprint: `other-${number}`,
    });
}

const silence = ({ db }: SimulatedPlatform, values: object) =>
  db
    .insertInto('bot_silences')
    .values({ owner: 'ann', reason: 'works on it', until_resolved: true, ...values })
    .execute();

/** A window from ten minutes ago until ten minutes from now. */
const maintain = ({ db }: SimulatedPlatform, values: object) =>
  db
    .insertInto('bot_maintenance')
    .values({
      owner: 'ann',
      reason: 'works on it',
      occurrences: sql<string>`tstzmultirange(tstzrange(engine.now() - interval '10 minutes', engine.now() + interval '10 minutes'))`,
      ...values,
    })
    .execute();

const closed: [string, (platform: SimulatedPlatform) => Promise<unknown>][] = [
  ['kill_switch', ({ db }) => set(db, 'mode', 'off')],
  ['kill_switch', ({ db }) => sql`DELETE FROM engine.settings WHERE key = 'mode'`.execute(db)],
  ['mode', ({ db }) => set(db, 'mode', 'careful')],
  ['silenced', (platform) => silence(platform, { component: 'disk' })],
  [
    'silenced',
    (platform) =>
      silence(platform, { category: 'trouble', until_resolved: false, expires_at: minutes(-60) }),
  ],
  ['maintenance', (platform) => maintain(platform, { components: ['other', 'disk'] })],
  ['maintenance', (platform) => maintain(platform, { categories: ['trouble'] })],
  ['maintenance', (platform) => maintain(platform, {})],
  ['disabled', ({ db }) => sql`UPDATE bot_knowledge SET enabled = false`.execute(db)],
  [
    'disabled',
    ({ db }) => sql`UPDATE bot_knowledge SET solution = ${playbook('no.such')}`.execute(db),
  ],
  [
    'cooldown',
    (platform) => leftBehind(platform, 'clean', 'disk.clean', 'failed', { taken_at: minutes(4) }),
  ],
  ['in_progress', (platform) => leftBehind(platform, 'clean', 'disk.clean', 'unknown')],
  ['attempts', (platform) => ended(platform, 3, 'verified', 50)],
  [
    'daily',
    async (platform) => {
      for (let heal = 0; heal < 8; heal++)
        await leftBehind(platform, 'clean', 'disk.clean', 'held', { taken_at: minutes(90) });
    },
  ],
  [
    'breaker',
    async (platform) => {
      await ended(platform, 2, 'failed', 59);
      await leftBehind(platform, 'clean', 'disk.clean', 'failed', {
        taken_at: minutes(70),
        fingerprint: 'other-9',
      });
    },
  ],
  ['budget', ({ db }) => set(db, 'budget', { heals_per_hour: 0 })],
  ['budget', ({ db }) => set(db, 'budget', {})],
  ['budget', ({ db }) => set(db, 'budget', { heals_per_hour: 'many' })],
  ['budget', ({ db }) => sql`DELETE FROM engine.settings WHERE key = 'budget'`.execute(db)],
  [
    'storm',
    ({ broken }) => Promise.resolve(['a', 'b', 'c', 'd', 'e'].map((name) => broken.add(name))),
  ],
];

describe.each(closed)('the gate %s', (name, close) => {
  test('blocks, is written down once, and nothing is applied', async () => {
    const platform = await diagnosed();
    await close(platform);
    const before = await platform.actions();
    expect(await platform.round()).toMatchObject({ status: 'success', actions_taken: 0 });
    const blocked = (await platform.decisions()).filter(({ verdict }) => verdict !== 'applied');
    expect(blocked.length).toBeGreaterThan(0);
    expect(new Set(blocked.map(({ verdict, gate }) => `${verdict} ${gate}`))).toEqual(
      new Set([`blocked ${name}`]),
    );
    expect(await platform.effects()).toEqual([]);
    await platform.round();
    expect((await platform.decisions()).length).toBe(blocked.length);
    expect(await platform.actions()).toEqual(before);
  });
});

test.each([
  ['reversible', 'safe', 'blocked', 'mode'],
  ['reversible', 'auto', 'applied', null],
  ['irreversible', 'safe', 'blocked', 'mode'],
  ['irreversible', 'auto', 'suggested', 'approval'],
] as const)('a %s remedy in mode %s is %s', async (risk, mode, verdict, gate) => {
  const asking = { ...seed, autonomy: 'suggest' as const };
  const platform = await simulatedPlatform([asking], [{ ...clean, rest: { risk } }]);
  // The catalogue refuses an irreversible entry that is auto; a row may have become so.
  await sql`UPDATE bot_knowledge SET autonomy = 'auto'`.execute(platform.db);
  await set(platform.db, 'mode', mode);
  await platform.round();
  expect(await platform.decisions()).toEqual([{ name: 'clean', verdict, gate }]);
  expect(await platform.effects()).toEqual(verdict === 'applied' ? ['disk.clean'] : []);
});

test.each([
  ['shadow', 'shadowed'],
  ['suggest', 'suggested'],
] as const)('an entry in %s is %s, once, and not applied', async (autonomy, verdict) => {
  const platform = await simulatedPlatform(
    [entry('clean', playbook('disk.clean'), { autonomy })],
    [clean],
  );
  for (let number = 0; number < 3; number++) await platform.round();
  expect(await platform.decisions()).toEqual([{ name: 'clean', verdict, gate: 'autonomy' }]);
  expect(await platform.effects()).toEqual([]);
});

test('advice in prose is suggested once', async () => {
  const platform = await simulatedPlatform(
    [entry('advice', 'Buy a bigger one.', { autonomy: 'suggest' })],
    [],
  );
  for (let number = 0; number < 2; number++) await platform.round();
  expect(await platform.decisions()).toEqual([
    { name: 'advice', verdict: 'suggested', gate: null },
  ]);
});

test('what an entry said in shadow, and what people answered, allows nothing and forbids nothing', async () => {
  for (const [answer, autonomy, effects] of [
    ['approved', 'shadow', []],
    ['rejected', 'auto', ['disk.clean']],
  ] as const) {
    const platform = await simulatedPlatform(
      [entry('clean', playbook('disk.clean'), { autonomy: 'shadow' })],
      [clean],
    );
    await platform.round();
    await sql`UPDATE bot_decisions SET answer = ${answer}, answered_by = 'ann', answered_at = engine.now()
              WHERE verdict = 'shadowed' AND fingerprint <> 'elsewhere'`.execute(platform.db);
    await sql`UPDATE bot_knowledge SET autonomy = ${autonomy}`.execute(platform.db);
    await platform.round();
    expect(await platform.effects()).toEqual(effects);
  }
});

test('an entry whose effect was undone is suggested the next time, and not applied', async () => {
  const platform = await diagnosed();
  await leftBehind(platform, 'clean', 'disk.clean', 'undone');
  await platform.round();
  expect(await platform.decisions()).toEqual([
    { name: 'clean', verdict: 'suggested', gate: 'approval' },
  ]);
  expect(await platform.effects()).toEqual([]);
});

test('a rejection counts, also after a heal that had begun before it', async () => {
  const platform = await simulatedPlatform([{ ...seed, autonomy: 'suggest' }], [clean]);
  await platform.round();
  await sql`UPDATE bot_decisions SET answer = 'rejected', answered_by = 'ann', answered_at = ${minutes(20)}
            WHERE verdict = 'suggested'`.execute(platform.db);
  await leftBehind(platform, 'clean', 'disk.clean', 'failed', { taken_at: minutes(19) });
  await sql`UPDATE bot_knowledge SET autonomy = 'auto'`.execute(platform.db);
  await platform.round();
  expect(await platform.effects()).toEqual([]);
});

test('disabled advice is not given', async () => {
  const platform = await simulatedPlatform(
    [entry('advice', 'Buy a bigger one.', { autonomy: 'suggest' })],
    [],
  );
  await sql`UPDATE bot_knowledge SET enabled = false`.execute(platform.db);
  await platform.round();
  expect(await platform.decisions()).toEqual([]);
});

test('advice of an entry in shadow is not given', async () => {
  const platform = await simulatedPlatform(
    [entry('advice', 'Buy a bigger one.', { autonomy: 'shadow' })],
    [],
  );
  await platform.round();
  expect(await platform.decisions()).toEqual([{ name: 'advice', verdict: 'shadowed', gate: null }]);
});

test('an entry that is in shadow on a component is not applied there', async () => {
  const platform = await simulatedPlatform([seed], [clean]);
  await sql`INSERT INTO bot_knowledge_autonomy (knowledge_id, component, autonomy)
            SELECT id, 'disk', 'shadow' FROM bot_knowledge`.execute(platform.db);
  await platform.round();
  expect(await platform.effects()).toEqual([]);
});

test('a verdict that changes is written again, and one that changes back too', async () => {
  const platform = await diagnosed();
  for (const mode of ['off', 'careful', 'careful', 'off']) {
    await set(platform.db, 'mode', mode);
    await platform.round();
  }
  expect((await platform.decisions()).map(({ gate }) => gate)).toEqual([
    'kill_switch',
    'mode',
    'kill_switch',
  ]);
});

test('ten runs that decide at once do not spend more than the budget', async () => {
  const platform = await simulatedPlatform([seed], [{ ...clean, works: false }], {
    concurrency: 12,
  });
  await set(platform.db, 'budget', { heals_per_hour: 2 });
  const finding = await platform.seen();
  const ten = Array.from({ length: 10 }, (_, index) => `disk-${index}`);
  for (const key of ten)
    await sql`
      INSERT INTO bot_findings (bot_id, severity, category, title, affected_component, check_name, component_key, fingerprint)
      SELECT bot_id, severity, category, title, affected_component, check_name, ${key}, ${key} FROM bot_findings
      WHERE id = ${finding.id}`.execute(platform.db);
  const rows = await platform.db
    .selectFrom('bot_findings')
    .selectAll()
    .where('fingerprint', 'in', ten)
    .execute();
  const heals = await Promise.all(rows.map((row) => platform.comesTo(row as never)));
  await Promise.all(heals.map((heal) => heal()));
  expect(await platform.effects()).toHaveLength(2);
  expect(await platform.actions()).toHaveLength(2);
});

test('a decision that begins no heal does not wait for the row that holds the budget', async () => {
  const platform = await diagnosed([{ ...seed, autonomy: 'suggest' }]);
  const release = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const holder = platform.db.transaction().execute(async (trx) => {
    await sql`SELECT FROM engine.settings WHERE key = 'budget' FOR UPDATE`.execute(trx);
    held.resolve();
    await release.promise;
  });
  try {
    await held.promise;
    expect(await platform.round()).toMatchObject({ status: 'success' });
  } finally {
    release.resolve();
    await holder;
  }
  expect(await platform.decisions()).toMatchObject([{ verdict: 'suggested', gate: 'autonomy' }]);
});
