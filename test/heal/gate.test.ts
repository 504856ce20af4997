import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { KnowledgeSeed } from '../../src/bot.ts';
import { entry, playbook } from '../support/builders.ts';
import { set } from '../support/runs.ts';
import { leftBehind, ward, type Cure } from './patients.ts';

type Ward = Awaited<ReturnType<typeof ward>>;

const clean: Cure = { name: 'disk.clean' };
const seed = entry('clean', playbook('disk.clean'));
const minutes = (count: number) => sql<Date>`engine.now() - make_interval(mins => ${count})`;

/** Records the finding while nothing may be healed, so that rows about it can be made. */
async function diagnosed(
  knowledge: KnowledgeSeed[] = [seed],
  cures: Cure[] = [clean],
): Promise<Ward> {
  const patients = await ward(knowledge, cures);
  await set(patients.db, 'mode', 'off');
  await patients.round();
  await patients.forget();
  await set(patients.db, 'mode', 'safe');
  return patients;
}

async function ended(patients: Ward, count: number, state: 'failed' | 'verified', ago: number) {
  for (let number = 0; number < count; number++)
    await leftBehind(patients, 'clean', 'disk.clean', state, {
      taken_at: minutes(ago),
      fingerprint: `other-${number}`,
    });
}

const silence = ({ db }: Ward, values: object) =>
  db
    .insertInto('bot_silences')
    .values({ owner: 'ann', reason: 'works on it', until_resolved: true, ...values })
    .execute();

const closed: [string, (patients: Ward) => Promise<unknown>][] = [
  ['kill_switch', ({ db }) => set(db, 'mode', 'off')],
  ['kill_switch', ({ db }) => sql`DELETE FROM engine.settings WHERE key = 'mode'`.execute(db)],
  ['mode', ({ db }) => set(db, 'mode', 'careful')],
  ['silenced', (patients) => silence(patients, { component: 'disk' })],
  [
    'silenced',
    (patients) =>
      silence(patients, { category: 'trouble', until_resolved: false, expires_at: minutes(-60) }),
  ],
  ['disabled', ({ db }) => sql`UPDATE bot_knowledge SET enabled = false`.execute(db)],
  [
    'disabled',
    ({ db }) => sql`UPDATE bot_knowledge SET solution = ${playbook('no.such')}`.execute(db),
  ],
  [
    'cooldown',
    (patients) => leftBehind(patients, 'clean', 'disk.clean', 'failed', { taken_at: minutes(4) }),
  ],
  ['in_progress', (patients) => leftBehind(patients, 'clean', 'disk.clean', 'unknown')],
  ['attempts', (patients) => ended(patients, 3, 'verified', 50)],
  [
    'daily',
    async (patients) => {
      for (let heal = 0; heal < 8; heal++)
        await leftBehind(patients, 'clean', 'disk.clean', 'held', { taken_at: minutes(90) });
    },
  ],
  [
    'breaker',
    async (patients) => {
      await ended(patients, 2, 'failed', 59);
      await leftBehind(patients, 'clean', 'disk.clean', 'failed', {
        taken_at: minutes(70),
        fingerprint: 'other-9',
      });
    },
  ],
  ['budget', ({ db }) => set(db, 'budget', { heals_per_hour: 0 })],
  ['budget', ({ db }) => set(db, 'budget', {})],
  ['budget', ({ db }) => set(db, 'budget', { heals_per_hour: 'many' })],
  ['budget', ({ db }) => sql`DELETE FROM engine.settings WHERE key = 'budget'`.execute(db)],
  ['storm', ({ ill }) => Promise.resolve(['a', 'b', 'c', 'd', 'e'].map((name) => ill.add(name)))],
];

describe.each(closed)('the gate %s', (name, close) => {
  test('blocks, is written down once, and nothing is applied', async () => {
    const patients = await diagnosed();
    await close(patients);
    const before = await patients.actions();
    expect(await patients.round()).toMatchObject({ status: 'success', actions_taken: 0 });
    const blocked = (await patients.decisions()).filter(({ verdict }) => verdict !== 'applied');
    expect(blocked.length).toBeGreaterThan(0);
    expect(new Set(blocked.map(({ verdict, gate }) => `${verdict} ${gate}`))).toEqual(
      new Set([`blocked ${name}`]),
    );
    expect(await patients.effects()).toEqual([]);
    await patients.round();
    expect((await patients.decisions()).length).toBe(blocked.length);
    expect(await patients.actions()).toEqual(before);
  });
});

test.each([
  ['reversible', 'safe', 'blocked', 'mode'],
  ['reversible', 'auto', 'applied', null],
  ['irreversible', 'safe', 'blocked', 'mode'],
  ['irreversible', 'auto', 'suggested', 'approval'],
] as const)('a %s remedy in mode %s is %s', async (risk, mode, verdict, gate) => {
  const asking = { ...seed, autonomy: 'suggest' as const };
  const patients = await ward([asking], [{ ...clean, rest: { risk } }]);
  // A seed may not say so of an irreversible remedy; a row may come to it.
  await sql`UPDATE bot_knowledge SET autonomy = 'auto'`.execute(patients.db);
  await set(patients.db, 'mode', mode);
  await patients.round();
  expect(await patients.decisions()).toEqual([{ name: 'clean', verdict, gate }]);
  expect(await patients.effects()).toEqual(verdict === 'applied' ? ['disk.clean'] : []);
});

test.each([
  ['shadow', 'shadowed'],
  ['suggest', 'suggested'],
] as const)('an entry in %s is %s, once, and not applied', async (autonomy, verdict) => {
  const patients = await ward([entry('clean', playbook('disk.clean'), { autonomy })], [clean]);
  for (let number = 0; number < 3; number++) await patients.round();
  expect(await patients.decisions()).toEqual([{ name: 'clean', verdict, gate: 'autonomy' }]);
  expect(await patients.effects()).toEqual([]);
});

test('advice in prose is suggested once', async () => {
  const patients = await ward([entry('advice', 'Buy a bigger one.', { autonomy: 'suggest' })], []);
  for (let number = 0; number < 2; number++) await patients.round();
  expect(await patients.decisions()).toEqual([
    { name: 'advice', verdict: 'suggested', gate: null },
  ]);
});

test('what a shadow said, and what people said to that, allows nothing and forbids nothing', async () => {
  for (const [answer, autonomy, effects] of [
    ['approved', 'shadow', []],
    ['rejected', 'auto', ['disk.clean']],
  ] as const) {
    const patients = await ward(
      [entry('clean', playbook('disk.clean'), { autonomy: 'shadow' })],
      [clean],
    );
    await patients.round();
    await sql`UPDATE bot_decisions SET answer = ${answer}, answered_by = 'ann', answered_at = engine.now()
              WHERE verdict = 'shadowed' AND fingerprint <> 'elsewhere'`.execute(patients.db);
    await sql`UPDATE bot_knowledge SET autonomy = ${autonomy}`.execute(patients.db);
    await patients.round();
    expect(await patients.effects()).toEqual(effects);
  }
});

test('what was undone is suggested the next time, and not done', async () => {
  const patients = await diagnosed();
  await leftBehind(patients, 'clean', 'disk.clean', 'undone');
  await patients.round();
  expect(await patients.decisions()).toEqual([
    { name: 'clean', verdict: 'suggested', gate: 'approval' },
  ]);
  expect(await patients.effects()).toEqual([]);
});

test('a rejection stands, also after a heal that was under way when it came', async () => {
  const patients = await ward([{ ...seed, autonomy: 'suggest' }], [clean]);
  await patients.round();
  await sql`UPDATE bot_decisions SET answer = 'rejected', answered_by = 'ann', answered_at = ${minutes(20)}
            WHERE verdict = 'suggested'`.execute(patients.db);
  await leftBehind(patients, 'clean', 'disk.clean', 'failed', { taken_at: minutes(19) });
  await sql`UPDATE bot_knowledge SET autonomy = 'auto'`.execute(patients.db);
  await patients.round();
  expect(await patients.effects()).toEqual([]);
});

test('advice that is disabled is not given', async () => {
  const patients = await ward([entry('advice', 'Buy a bigger one.', { autonomy: 'suggest' })], []);
  await sql`UPDATE bot_knowledge SET enabled = false`.execute(patients.db);
  await patients.round();
  expect(await patients.decisions()).toEqual([]);
});

test('advice of an entry in shadow is not given', async () => {
  const patients = await ward([entry('advice', 'Buy a bigger one.', { autonomy: 'shadow' })], []);
  await patients.round();
  expect(await patients.decisions()).toEqual([{ name: 'advice', verdict: 'shadowed', gate: null }]);
});

test('an entry whose component has lost its freedom is not applied there', async () => {
  const patients = await ward([seed], [clean]);
  await sql`INSERT INTO bot_knowledge_autonomy (knowledge_id, component, autonomy)
            SELECT id, 'disk', 'shadow' FROM bot_knowledge`.execute(patients.db);
  await patients.round();
  expect(await patients.effects()).toEqual([]);
});

test('a verdict that changes is written again, and one that changes back too', async () => {
  const patients = await diagnosed();
  for (const mode of ['off', 'careful', 'careful', 'off']) {
    await set(patients.db, 'mode', mode);
    await patients.round();
  }
  expect((await patients.decisions()).map(({ gate }) => gate)).toEqual([
    'kill_switch',
    'mode',
    'kill_switch',
  ]);
});

test('ten runs that decide at once do not overspend the budget', async () => {
  const patients = await ward([seed], [{ ...clean, works: false }], { concurrency: 12 });
  await set(patients.db, 'budget', { heals_per_hour: 2 });
  const finding = await patients.seen();
  const ten = Array.from({ length: 10 }, (_, index) => `disk-${index}`);
  for (const key of ten)
    await sql`
      INSERT INTO bot_findings (bot_id, severity, category, title, affected_component, check_name, component_key, fingerprint)
      SELECT bot_id, severity, category, title, affected_component, check_name, ${key}, ${key} FROM bot_findings
      WHERE id = ${finding.id}`.execute(patients.db);
  const rows = await patients.db
    .selectFrom('bot_findings')
    .selectAll()
    .where('fingerprint', 'in', ten)
    .execute();
  const heals = await Promise.all(rows.map((row) => patients.comesTo(row as never)));
  await Promise.all(heals.map((heal) => heal()));
  expect(await patients.effects()).toHaveLength(2);
  expect(await patients.actions()).toHaveLength(2);
});

test('a decision that begins no heal does not wait for the row that holds the budget', async () => {
  const patients = await diagnosed([{ ...seed, autonomy: 'suggest' }]);
  const release = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const holder = patients.db.transaction().execute(async (trx) => {
    await sql`SELECT FROM engine.settings WHERE key = 'budget' FOR UPDATE`.execute(trx);
    held.resolve();
    await release.promise;
  });
  try {
    await held.promise;
    expect(await patients.round()).toMatchObject({ status: 'success' });
  } finally {
    release.resolve();
    await holder;
  }
  expect(await patients.decisions()).toMatchObject([{ verdict: 'suggested', gate: 'autonomy' }]);
});
